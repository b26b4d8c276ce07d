"""A run that is evaluated on its way: what it writes, keeps and remembers, undisturbed and resumed."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from hitzoo.errors import HitzooError
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.load import load
from hitzoo.training.run import setup
from hitzoo.training.run.events import NoEvents, RunEnd
from hitzoo.training.run.loop import train
from hitzoo.training.run.metrics import Record
from hitzoo.training.run.options import RunOptions

EVERY_TWO = [
    "evaluation={metrics: [random_conv_frechet, sliced_wasserstein], samples: 8, real_samples: 8, every: 2}",
    "training.steps=5",
]
NAMES = ["random_conv_frechet", "sliced_wasserstein"]
CLOCK = ("seconds", "images_per_second", "data_wait")


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, "seed": 3, **changes})


def lines(folder: Path) -> list[dict]:
    text = (folder / "metrics.jsonl").read_text(encoding="utf-8")
    return [{k: v for k, v in json.loads(line).items() if k not in CLOCK} for line in text.splitlines()]


def saved(folder: Path) -> list[int]:
    return sorted(int(path.name.removeprefix("step-")) for path in (folder / "checkpoints").glob("step-*"))


class Notes(NoEvents):
    """Collects notes; sends a signal once a step was recorded."""

    def __init__(self, stop_at: int = 0) -> None:
        self.stop_at, self.notes = stop_at, []

    def noted(self, message: str) -> None:
        self.notes.append(message)

    def recorded(self, record: Record) -> None:
        if record.step == self.stop_at:
            signal.raise_signal(signal.SIGTERM)


def test_the_average_is_evaluated_every_so_many_steps_and_at_the_end(tiny_spec, tmp_path) -> None:
    notes, spec = Notes(), tiny_spec(*EVERY_TWO)
    end = train(spec, options(tmp_path / "run", keep=9), notes)
    records = lines(end.folder)
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5]
    evaluated = {
        record["step"]: {name: record[f"eval/{name}"] for name in NAMES}
        for record in records
        if NAMES[0] in str(record)
    }
    assert list(evaluated) == saved(end.folder) == [2, 4, 5]  # what is judged is saved
    assert sorted(path.name for path in (end.folder / "evaluations").iterdir()) == [
        f"step-{step:08d}.json" for step in evaluated
    ]
    for step, values in evaluated.items():
        report = json.loads((end.folder / f"evaluations/step-{step:08d}.json").read_text(encoding="utf-8"))
        assert {score["name"]: score["value"] for score in report["scores"]} == values
        for score in report["scores"]:
            assert score["protocol"]["generated"]["images"] == 8
            assert score["protocol"]["real"]["images"] == 8
        assert sum(note.startswith(f"evaluation at step {step}: random_conv_frechet ") for note in notes.notes) == 1
    assert len({values[NAMES[0]] for values in evaluated.values()}) == 3
    again = Evaluator.from_spec(spec, load(end.checkpoint, device="cpu").plan, device=torch.device("cpu"))
    assert again.evaluate(load(end.checkpoint, device="cpu")).values() == evaluated[5]


def test_the_best_checkpoint_by_the_first_metric_is_remembered_and_stays(tiny_spec, tmp_path, monkeypatch) -> None:
    scores = iter([3.0, 1.0, 2.0, 5.0, 4.0])
    evaluate = Evaluator.evaluate

    def scored(self, generator, **how):
        report = evaluate(self, generator, **how)
        first, *rest = report.scores
        return replace(report, scores=(replace(first, value=next(scores)), *rest))

    monkeypatch.setattr(Evaluator, "evaluate", scored)
    end = train(tiny_spec(*EVERY_TWO, "training.steps=10"), options(tmp_path / "run", keep=1))
    assert saved(end.folder) == [4, 10]
    best = json.loads((end.folder / "best.json").read_text(encoding="utf-8"))
    assert best == {"checkpoint": "step-00000004", "metric": NAMES[0], "value": 1.0, "lower_is_better": True}


def assert_same_run(mine: RunEnd, theirs: RunEnd) -> None:
    assert lines(mine.folder) == lines(theirs.folder)
    for name in ("best.json", *(f"evaluations/{path.name}" for path in (theirs.folder / "evaluations").iterdir())):
        assert (mine.folder / name).read_bytes() == (theirs.folder / name).read_bytes(), name
    for file in sorted(theirs.checkpoint.rglob("*.safetensors")):
        one, other = load_file(file), load_file(mine.checkpoint / file.relative_to(theirs.checkpoint))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one), file.name


def test_a_resumed_run_ends_in_the_same_files(tiny_spec, tmp_path) -> None:
    whole = train(tiny_spec(*EVERY_TWO), options(tmp_path / "whole", keep=9))
    half = train(tiny_spec(*EVERY_TWO), options(tmp_path / "parts", keep=9), Notes(stop_at=2))
    assert (half.signal, half.step) == (signal.SIGTERM, 3)
    rest = train(tiny_spec(*EVERY_TWO), options(tmp_path / "parts", keep=9, resume=True, seed=None))
    assert_same_run(rest, whole)


def test_a_run_that_is_killed_while_it_is_evaluated_evaluates_again(tiny_spec, tmp_path, monkeypatch) -> None:
    whole = train(tiny_spec(*EVERY_TWO), options(tmp_path / "whole", keep=9))
    evaluate, count = Evaluator.evaluate, iter(range(9))

    def killed(self, generator, **how):
        if next(count) == 1:
            raise SystemExit(1)  # nothing that saves or tidies
        return evaluate(self, generator, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "evaluate", killed)
        with pytest.raises(SystemExit):
            train(tiny_spec(*EVERY_TWO), options(tmp_path / "cut", keep=9))
    assert saved(tmp_path / "cut") == [2]
    rest = train(tiny_spec(*EVERY_TWO), options(tmp_path / "cut", keep=9, resume=True, seed=None))
    assert_same_run(rest, whole)
    assert saved(rest.folder) == [2, 4, 5]


def test_a_run_that_is_asked_to_stop_does_not_begin_to_evaluate(tiny_spec, tmp_path) -> None:
    end = train(tiny_spec(*EVERY_TWO), options(tmp_path / "run"), Notes(stop_at=1))
    assert end.step == 2
    assert not (end.folder / "evaluations").exists()
    assert saved(end.folder) == [2]


def test_evaluating_changes_nothing_in_the_training(tiny_spec, tmp_path) -> None:
    evaluated = train(tiny_spec(*EVERY_TWO), options(tmp_path / "evaluated"))
    plain = train(tiny_spec("training.steps=5"), options(tmp_path / "plain"))
    for name in ("model", "training/generator", "training/discriminator", "training/optimizer"):
        one, other = (load_file(end.checkpoint / f"{name}.safetensors") for end in (evaluated, plain))
        assert all(torch.equal(one[key], other[key]) for key in one), name
    assert [{k: v for k, v in line.items() if "eval" not in k} for line in lines(evaluated.folder)] == lines(
        plain.folder
    )


def test_the_rewritten_network_evaluates_and_draws_the_same(tiny_spec, tmp_path, monkeypatch) -> None:
    spec, made = tiny_spec(*EVERY_TWO), []
    optimize = Generator.fast
    monkeypatch.setattr(
        Generator,
        "fast",
        lambda self, *given, **named: made.append(named.get("graphs")) or optimize(self, *given, **named),
    )
    plain = train(spec, options(tmp_path / "plain", sample_every=2), NoEvents())
    fast = train(spec, options(tmp_path / "fast", sample_every=2, fast=True), NoEvents())
    report = json.loads((fast.folder / "evaluations/step-00000002.json").read_text(encoding="utf-8"))
    assert report["scores"][0]["protocol"]["generated"]["network"] == "fast, float32"
    for one, other in zip(lines(plain.folder), lines(fast.folder), strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    weights = [load_file(end.checkpoint / "model.safetensors") for end in (plain, fast)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    for grid in ("step-00000002.png", "step-00000005.png"):
        drawn = [np.asarray(Image.open(end.folder / "samples" / grid)).astype(int) for end in (plain, fast)]
        assert np.abs(drawn[0] - drawn[1]).max() <= 1
    assert made == [None, 0] * 3, "a grid's few batches would not repay the capture of a graph"


def test_what_cannot_be_evaluated_is_said_before_the_first_step(tiny_spec, tmp_path) -> None:
    with pytest.raises(HitzooError, match="absent"):
        train(tiny_spec(*EVERY_TWO, f"evaluation.source={tmp_path / 'absent'}"), options(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_without_evaluation_nothing_is_made_ready_for_it(tiny_spec, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(setup, "Evaluator", None)
    end = train(tiny_spec("training.steps=1", "evaluation={metrics: [fid], samples: 8}"), options(tmp_path / "run"))
    assert "eval" not in str(lines(end.folder))
