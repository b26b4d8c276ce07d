"""A stop does not wait for a step that takes minutes, as one that compiles does, nor for an evaluation."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.training.run import stop_signals
from hitzoo.training.run.events import RunEnd
from hitzoo.training.run.loop import train
from tests.training.test_resume import assert_same_run, lines, options, tensors

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no clock that interrupts")
EVALUATION = (
    "evaluation.every=2",
    "evaluation.metrics=[sliced_wasserstein]",
    "evaluation.samples=8",
    "evaluation.real_samples=8",
)


def endless(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, call: int) -> None:
    """Let that call of a function or method do its work, and then hear of a SIGTERM and never end."""
    original, calls = getattr(owner, name), []

    def function(*args: object, **options: object) -> object:
        calls.append(1)
        done = original(*args, **options)
        if len(calls) == call:
            signal.raise_signal(signal.SIGTERM)
            time.sleep(60)
        return done

    monkeypatch.setattr(owner, name, function)
    monkeypatch.setattr(stop_signals, "PATIENCE", 0.05)


def resumed(spec: object, out: Path, monkeypatch: pytest.MonkeyPatch) -> RunEnd:
    monkeypatch.undo()
    return train(spec, options(out, seed=None, resume=True))


@pytest.mark.parametrize("step", [1, 3])
def test_endless_step_is_given_up_and_made_again(tiny_spec, tmp_path, monkeypatch, step: int) -> None:
    whole = train(tiny_spec(), options(tmp_path / "whole"))
    endless(monkeypatch, Simultaneous, "gradients", call=step)
    cut = train(tiny_spec(), options(tmp_path / "cut"))
    assert (cut.step, cut.signal) == (step - 1, signal.SIGTERM)
    assert cut.checkpoint == tmp_path / "cut" / "checkpoints" / f"step-{step - 1:08d}"
    assert len(tensors(cut.checkpoint)) > 50
    assert_same_run(resumed(tiny_spec(), tmp_path / "cut", monkeypatch), whole)


def test_endless_evaluation_is_given_up_and_made_up_for(tiny_spec, tmp_path, monkeypatch) -> None:
    spec = tiny_spec(*EVALUATION)
    whole = train(spec, options(tmp_path / "whole"))
    endless(monkeypatch, Evaluator, "evaluate", call=1)
    cut = train(spec, options(tmp_path / "cut"))
    assert (cut.step, cut.signal) == (2, signal.SIGTERM)
    assert [list(line) for line in lines(cut.folder) if any("eval" in key for key in line)] == []
    rest = resumed(spec, tmp_path / "cut", monkeypatch)
    assert (rest.step, rest.signal) == (4, None)
    assert {step for line in lines(rest.folder) if "eval/sliced_wasserstein" in line for step in [line["step"]]} == {
        2,
        4,
    }
    one, other = tensors(rest.checkpoint), tensors(whole.checkpoint)
    assert all((one[name] == other[name]).all() for name in other)
