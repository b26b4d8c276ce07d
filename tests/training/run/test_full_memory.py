"""A run whose memory is full: smaller micro-batches where it may choose them, and no step lost where it must end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.sampling.generator import Generator
from hitzoo.training.engine import micro_batch_search
from hitzoo.training.engine.out_of_memory import OutOfMemory
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import TrainState
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"
AUTO = {"batch_per_device": "auto"}


class Notes(NoEvents):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def noted(self, message: str) -> None:
        self.heard.append(message)


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, **changes})


def sizes(folder: Path) -> list[tuple[int, int]]:
    found = json.loads((folder / "run.json").read_text(encoding="utf-8"))["sessions"]
    return [(session["batch_per_device"], session["micro_batches"]) for session in found]


def weights(folder: Path, step: int) -> bytes:
    return (folder / f"checkpoints/step-{step:08}/training/optimizer.safetensors").read_bytes()


@pytest.fixture
def room(monkeypatch):
    """Let a step hold so many images at once from step `first` on."""
    monkeypatch.setattr(micro_batch_search, "free_memory", lambda: 10**12)
    gradients = StepRunner._gradients

    def let(images: int, first: int = 1) -> None:
        def limited(self: StepRunner, update, at, *rest):
            if at.step >= first and update.images // self.micro_batches > images:
                raise torch.cuda.OutOfMemoryError(FULL)
            return gradients(self, update, at, *rest)

        monkeypatch.setattr(StepRunner, "_gradients", limited)

    return let


@pytest.mark.parametrize("first", [1, 3])
def test_auto_goes_on_with_a_smaller_size(tiny_spec, tmp_path, room, first) -> None:
    room(2, first)
    notes = Notes()
    end = train(tiny_spec(), options(tmp_path / "run", **AUTO), notes)
    assert end.step == 4
    assert "out of memory at 4 images at once; continuing with 2" in notes.heard
    assert sizes(end.folder) == [(2, 2)]


def test_size_of_the_last_session_is_left_where_its_first_step_does_not_fit(tiny_spec, tmp_path, room) -> None:
    train(tiny_spec("training.steps=2"), options(tmp_path / "run", **AUTO))
    room(1)
    assert train(tiny_spec(), options(tmp_path / "run", resume=True, **AUTO)).step == 4
    room(4)
    train(tiny_spec("training.steps=5"), options(tmp_path / "run", resume=True, **AUTO))
    assert sizes(tmp_path / "run") == [(4, 1), (1, 4), (1, 4)]


def test_steps_before_a_full_memory_are_saved(tiny_spec, tmp_path, room) -> None:
    train(tiny_spec(), options(tmp_path / "whole"))
    room(3, first=3)
    with pytest.raises(OutOfMemory, match=r"Tried to allocate 2\.00 GiB.*\. Saved at step 2: continue with --resume"):
        train(tiny_spec(), options(tmp_path / "run"))
    room(4)
    assert train(tiny_spec(), options(tmp_path / "run", resume=True)).step == 4
    assert weights(tmp_path / "run", 4) == weights(tmp_path / "whole", 4)


def test_weights_that_are_half_updated_are_not_saved(tiny_spec, tmp_path, monkeypatch) -> None:
    update = TrainState.update

    def fail(self: TrainState, moves, step: int, *images: int, **how: bool) -> None:
        if step == 3:
            raise MemoryError
        update(self, moves, step, *images, **how)

    monkeypatch.setattr(TrainState, "update", fail)
    with pytest.raises(OutOfMemory, match="out of memory at 4 images") as caught:
        train(tiny_spec(), options(tmp_path / "run", checkpoint_every=1, **AUTO))
    assert "Saved" not in str(caught.value)
    assert sorted(place.name for place in (tmp_path / "run/checkpoints").iterdir())[-1] == "step-00000002"


def test_new_run_without_memory_for_its_first_step_leaves_nothing(tiny_spec, tmp_path, room) -> None:
    room(0)
    for name, wanted in (("a", None), ("b", "auto")):
        with pytest.raises(RunError, match="out of memory at"):
            train(tiny_spec(), options(tmp_path / name, batch_per_device=wanted))
        assert not list((tmp_path / name).glob("*"))


@pytest.fixture
def samples(monkeypatch):
    """Let so many samples be made at once; the sizes that were tried."""
    tried: list[int] = []
    sample = Generator.sample

    def let(most: int) -> list[int]:
        def limited(self: Generator, *args: object, batch_size: int | None = None, **others: object):
            tried.append(int(batch_size or 0))
            if tried[-1] > most:
                raise torch.cuda.OutOfMemoryError(FULL)
            return sample(self, *args, batch_size=batch_size, **others)

        monkeypatch.setattr(Generator, "sample", limited)
        return tried

    return let


def test_grid_is_made_in_smaller_batches(tiny_spec, tmp_path, samples) -> None:
    tried, notes = samples(3), Notes()
    end = train(tiny_spec("training.steps=1"), options(tmp_path / "run"), notes)
    assert tried == [8, 4, 2]
    assert end.samples.name == "step-00000001.png"
    samples(0)
    end = train(tiny_spec("training.steps=2"), options(tmp_path / "run", resume=True), notes)
    assert (end.step, end.samples.name) == (2, "step-00000001.png")
    assert notes.heard[-1] == f"no grid at step 2: out of memory ({FULL})"


def test_evaluation_is_made_in_smaller_batches_or_left_out(tiny_spec, tmp_path, monkeypatch) -> None:
    from hitzoo.evaluation.evaluator import Evaluator

    evaluate, tried, most = Evaluator.evaluate, [], 3

    def limited(self: Evaluator, *args: object, batch_size: int, **others: object):
        tried.append(batch_size)
        if batch_size > most:
            raise torch.cuda.OutOfMemoryError(FULL)
        return evaluate(self, *args, batch_size=batch_size, **others)

    monkeypatch.setattr(Evaluator, "evaluate", limited)
    evaluation = "evaluation={metrics: [sliced_wasserstein], samples: 9, real_samples: 8, every: 1}"
    notes = Notes()
    end = train(tiny_spec("training.steps=1", evaluation), options(tmp_path / "run"), notes)
    assert tried == [8, 4, 2]
    assert any(note.startswith("evaluation at step 1:") for note in notes.heard)
    most = 0
    end = train(tiny_spec("training.steps=2", evaluation), options(tmp_path / "run", resume=True), notes)
    assert (end.step, end.checkpoint.name) == (2, "step-00000002")
    assert f"no evaluation at step 2: out of memory ({FULL})" in notes.heard
