"""Steps that are not finite: left out, counted, and in the end the run stops."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hitzoo.errors import RunError
from hitzoo.objectives.terms.r1 import R1
from hitzoo.spec.types import AdamOfNetworkSpec, AdamSpec, ScheduleSpec
from hitzoo.training.engine import runner
from hitzoo.training.run.checkpoint import Progress, read_progress
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from hitzoo.training.run.metrics import Record
from hitzoo.training.run.nonfinite import MOST_IN_A_ROW, counted, first_of, halved_learning_rates
from hitzoo.training.run.options import RunOptions

START = Progress(step=5, images=20, seed=1, skipped=2, skipped_in_a_row=0)


def test_steps_that_are_left_out_are_counted() -> None:
    progress = counted(START, ("generator loss",), "")
    assert progress == replace(START, skipped=3, skipped_in_a_row=1)
    progress = counted(progress, ("generator loss",), "")
    assert progress == replace(START, skipped=4, skipped_in_a_row=2)
    assert counted(progress, (), "") == replace(START, skipped=4)


def test_too_many_in_a_row_stop_the_run_by_name() -> None:
    progress = START
    for _ in range(MOST_IN_A_ROW - 1):
        progress = counted(progress, ("r1 penalty",), "Go back")
    with pytest.raises(RunError, match=r"the r1 penalty, the generator loss are not finite for 20 steps in a row") as e:
        counted(progress, ("r1 penalty", "generator loss"), "Go back")
    assert str(e.value).endswith("A lower learning rate or a larger r1 weight usually keeps training finite: Go back")
    assert "up to step 5" in str(e.value)


def test_the_line_that_tells_of_one() -> None:
    assert first_of(("r1 penalty",), 7) == (
        "step 7 left out: the r1 penalty is not finite; the weights stay as they were"
    )
    assert first_of(("r1 penalty",), 7, by_turns=True).endswith("; its update and those after it are not made")


class Listener(NoEvents):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.records: list[Record] = []

    def noted(self, message: str) -> None:
        self.notes.append(message)

    def recorded(self, record: Record) -> None:
        self.records.append(record)


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, "seed": 3, **changes})


@pytest.fixture
def images_break(monkeypatch):
    """The real images of these calls, counted from 0, are no numbers."""

    def break_at(*calls: int) -> None:
        whole, count = runner.to_real, iter(range(10**6))

        def to_real(images: torch.Tensor, device: torch.device, **how: bool) -> torch.Tensor:
            return whole(images, device, **how) * (math.nan if next(count) in calls else 1)

        monkeypatch.setattr(runner, "to_real", to_real)

    return break_at


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    files = sorted(checkpoint.rglob("*.safetensors"))
    return {f"{file.name} {name}": value for file in files for name, value in load_file(file).items()}


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_run_goes_on_over_a_step_that_is_not_finite(tiny_spec, tmp_path, images_break) -> None:
    images_break(1, 2)
    listener = Listener()
    end = train(tiny_spec("training.steps=5"), options(tmp_path / "run", checkpoint_every=1, keep=9), listener)
    one, two, three, four, _ = (weights(path) for path in sorted((end.folder / "checkpoints").iterdir()))
    assert all(torch.equal(two[name], value) and torch.equal(three[name], value) for name, value in one.items())
    assert any(not torch.equal(four[name], value) for name, value in one.items())
    assert read_progress(end.checkpoint) == Progress(step=5, images=20, seed=3, skipped=2, skipped_in_a_row=0)
    assert [line.get("skipped", 0) for line in lines(end.folder)] == [0, 1, 2, 2, 2]
    assert ["loss/generator" in line for line in lines(end.folder)] == [True, False, False, True, True]
    assert [note for note in listener.notes if "left out" in note] == [
        "step 2 left out: the discriminator loss, the discriminator's gradient are not finite;"
        " the weights stay as they were"
    ]  # once for both
    assert [record.skipped for record in listener.records] == [0, 1, 2, 2, 2]


def test_resuming_keeps_the_counts_and_the_run_as_it_was(tiny_spec, tmp_path, images_break) -> None:
    images_break(1, 2)
    whole = train(tiny_spec("training.steps=4"), options(tmp_path / "whole"))
    images_break(1)
    train(tiny_spec("training.steps=2"), options(tmp_path / "parts"))
    images_break(0)
    rest = train(tiny_spec("training.steps=4"), options(tmp_path / "parts", resume=True, seed=None))
    assert read_progress(rest.checkpoint) == read_progress(whole.checkpoint)
    assert read_progress(rest.checkpoint).skipped == 2
    mine, theirs = weights(rest.checkpoint), weights(whole.checkpoint)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], value) for name, value in theirs.items())


def test_a_first_step_that_is_left_out_can_be_resumed_from(tiny_spec, tmp_path, images_break) -> None:
    """The optimizers remember nothing yet."""
    images_break(0, 1)
    train(tiny_spec("training.steps=2"), options(tmp_path / "run"))
    end = train(tiny_spec("training.steps=4"), options(tmp_path / "run", resume=True))
    assert read_progress(end.checkpoint).skipped == 2


def test_a_run_that_does_not_come_back_stops_and_keeps_its_checkpoint(tiny_spec, tmp_path, images_break) -> None:
    images_break(*range(3, 100))
    spec = tiny_spec("training.steps=60")
    with pytest.raises(RunError, match="the discriminator loss, the discriminator's gradient are not finite") as caught:
        train(spec, options(tmp_path / "run", checkpoint_every=3))
    assert f"up to step {3 + MOST_IN_A_ROW}" in str(caught.value)
    newest = tmp_path / "run/checkpoints/step-00000021"  # of unharmed weights: they are those of step 3
    assert f"--out NEW --init {newest} --set training.optimizer.learning_rate=0.005" in str(caught.value)
    assert read_progress(newest) == Progress(step=21, images=84, seed=3, skipped=18, skipped_in_a_row=18)
    assert all(torch.isfinite(value).all() for value in weights(newest).values())
    assert [line["step"] for line in lines(tmp_path / "run")] == list(range(1, 3 + MOST_IN_A_ROW))
    with pytest.raises(RunError, match="for 20 steps in a row, up to step 23"):  # the row goes on
        train(spec, options(tmp_path / "run", resume=True))


def test_a_penalty_that_is_no_number_is_named(tiny_spec, tmp_path, monkeypatch) -> None:
    call, count = R1.__call__, iter(range(100))
    monkeypatch.setattr(R1, "__call__", lambda self, *given: call(self, *given) * (next(count) or math.inf))
    listener = Listener()
    train(tiny_spec("training.steps=2"), options(tmp_path / "run"), listener)
    assert "step 1 left out: the r1 penalty" in " ".join(listener.notes)


@pytest.fixture
def exploding(tiny_spec):
    """Steps so long, longer than a spec may ask for, that the second loss is no number."""
    spec = tiny_spec("training.steps=60")
    optimizer = replace(spec.training.optimizer, learning_rate=1e30)
    return replace(spec, training=replace(spec.training, optimizer=optimizer))


def test_a_run_that_explodes_before_its_first_checkpoint_keeps_what_it_logged(exploding, tmp_path) -> None:
    with pytest.raises(RunError, match="not finite for 20 steps in a row") as caught:
        train(exploding, options(tmp_path / "run"))
    assert "--init" not in str(caught.value)  # there is no checkpoint
    assert [line["step"] for line in lines(tmp_path / "run")] == list(range(1, MOST_IN_A_ROW + 1))
    assert not (tmp_path / "run/checkpoints").exists()


def test_a_run_that_explodes_later_keeps_its_checkpoints(exploding, tmp_path) -> None:
    with pytest.raises(RunError, match="the run stops"):
        train(exploding, options(tmp_path / "run", checkpoint_every=1, keep=99))
    kept = sorted(path.name for path in (tmp_path / "run/checkpoints").iterdir())
    assert kept == [f"step-{step:08d}" for step in range(1, MOST_IN_A_ROW + 1)]
    assert (tmp_path / "run/spec.yaml").is_file()


def test_weights_that_are_no_numbers_are_not_saved(tiny_spec, tmp_path, monkeypatch) -> None:
    """What an update made of finite gradients."""
    spec = tiny_spec("training.steps=2")

    class Breaking(NoEvents):
        def recorded(self, record: Record) -> None:
            with torch.no_grad():
                states[0].networks["discriminator"].head.logit.bias.fill_(math.inf)

    states: list = []
    make = runner.StepRunner.__init__
    monkeypatch.setattr(
        runner.StepRunner,
        "__init__",
        lambda self, trained, *a, **k: (states.append(trained), make(self, trained, *a, **k))[1],
    )
    with pytest.raises(
        RunError, match=r"head\.logit\.bias of the discriminator is no longer finite at step 2; not saved"
    ):
        train(spec, options(tmp_path / "run", log_every=2), Breaking())
    assert not (tmp_path / "run/checkpoints").exists()


def test_way_on_halves_every_learning_rate_that_the_spec_names() -> None:
    schedule = ScheduleSpec(from_=2e-4, to=0.0, images=10)
    optimizer = AdamSpec(learning_rate=schedule, discriminator=AdamOfNetworkSpec(learning_rate=3e-4))
    assert halved_learning_rates(optimizer) == (
        "--set training.optimizer.learning_rate.from=0.0001 --set training.optimizer.learning_rate.to=0"
        " --set training.optimizer.discriminator.learning_rate=0.00015"
    )
    assert halved_learning_rates(AdamSpec()) == "--set training.optimizer.learning_rate=5e-05"
