"""An augmentation that adapts itself, in runs: its strength is used, written down and resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.training.engine.state import TrainState, new_state
from hitzoo.training.run.checkpoint import Progress, load_checkpoint, save_checkpoint
from hitzoo.training.run.loop import train
from tests.training.test_resume import assert_same_run, lines, options

RISING = "training.augment={kind: ada, target: -1.0, images: 80, transforms: [blit, color]}"  # whatever D says, p rises
BATCH = "training.batch_size=8"


def test_strength_is_that_of_an_undisturbed_run(tiny_spec, tmp_path) -> None:
    """It is cut between two changes of it, with the signs of a step already seen."""
    spec = tiny_spec(RISING, BATCH, "training.steps=9")
    whole = train(spec, options(tmp_path / "whole"))
    train(tiny_spec(RISING, BATCH, "training.steps=5"), options(tmp_path / "parts"))
    rest = train(spec, options(tmp_path / "parts", seed=None, resume=True))
    assert_same_run(rest, whole)
    written = [line["augment_p"] for line in lines(rest.folder) if "augment_p" in line]
    assert written == [0.0] * 4 + [0.4] * 4 + [0.8]


@pytest.fixture
def saved(tiny_spec, tmp_path):
    """A checkpoint of a state, with or without an adaptive strength."""

    def make(*overrides: str) -> Path:
        spec = tiny_spec(*overrides)
        state = fresh(spec)
        if state.augmentation is not None:
            state.augmentation.p, state.augmentation.signs, state.augmentation.judged = 0.1 + 0.2, -3.0, 16
        return save_checkpoint(tmp_path, spec, compile_spec(spec), state, Progress(6, 48, 0, skipped=6))

    return make


def fresh(spec) -> TrainState:
    return new_state(compile_spec(spec), spec.training, 1, torch.device("cpu"))


def test_checkpoint_holds_the_strength_and_what_it_has_seen(saved, tiny_spec) -> None:
    state = fresh(tiny_spec(RISING))
    assert load_checkpoint(saved(RISING), state) == Progress(6, 48, 0, skipped=6)
    assert state.augmentation.numbers == {"p": 0.1 + 0.2, "signs": -3.0, "judged": 16}


def test_checkpoint_without_a_strength_leaves_it_at_its_beginning(saved, tiny_spec) -> None:
    """One of an earlier version, or of a run whose spec has an augmentation only now."""
    state = fresh(tiny_spec(RISING))
    load_checkpoint(saved(), state)
    assert state.augmentation.p == 0


def test_checkpoint_with_a_strength_is_read_by_a_spec_without(saved, tiny_spec) -> None:
    assert load_checkpoint(saved(RISING), fresh(tiny_spec())).step == 6


def test_strength_that_cannot_be_is_refused(saved, tiny_spec) -> None:
    place = saved(RISING)
    path = place / "training" / "state.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | {"augmentation": {"p": 7, "signs": 0, "judged": 0}}))
    with pytest.raises(WeightsError, match="numbers cannot be a run's"):
        load_checkpoint(place, fresh(tiny_spec(RISING)))
