"""A run whose processes torchrun has restarted goes on by itself; another launch's run does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hitzoo.errors import OutputError
from hitzoo.runtime import launcher
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions


class Notes(NoEvents):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def noted(self, message: str) -> None:
        self.heard.append(message)


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", **changes})


@pytest.mark.parametrize("name", ["none", "job-7"])
def test_restart_continues_the_run_of_its_launch(tiny_spec, tmp_path, monkeypatch, name) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", name)
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")
    train(tiny_spec("training.steps=1"), options(tmp_path / "run", seed=3))
    with pytest.raises(OutputError, match="holds a run already"):
        train(tiny_spec("training.steps=2"), options(tmp_path / "run", seed=3))
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "2")
    notes = Notes()
    end = train(tiny_spec("training.steps=2"), options(tmp_path / "run", seed=3), notes)
    assert end.step == 2
    assert "restarted by torchrun (2): continuing from the newest checkpoint" in notes.heard
    records = (tmp_path / "run/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in records] == [1, 2]


@pytest.mark.parametrize(("earlier", "now"), [("none", "none"), ("job-6", "job-7"), ("none", "job-7")])
def test_restart_does_not_continue_the_run_of_another_launch(tiny_spec, tmp_path, monkeypatch, earlier, now) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", earlier)
    train(tiny_spec("training.steps=1"), options(tmp_path / "run"))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", now)
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    monkeypatch.setattr(launcher.os, "getppid", lambda: 1)
    with pytest.raises(OutputError, match="holds a run already"):
        train(tiny_spec("training.steps=2"), options(tmp_path / "run"))


def test_restart_before_anything_was_written_begins_the_run(tiny_spec, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert train(tiny_spec("training.steps=1"), options(tmp_path / "run")).step == 1
