"""The scripts beside docs/zoo.md: train every model again on the data that its record names, and record a new one."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from hitzoo.zoo.cards import SPEC_ONLY, Card, cards

SCRIPTS = Path(__file__).parents[2] / "docs/zoo"
TRAIN, BUNDLE = (runpy.run_path(str(SCRIPTS / name)) for name in ("train.py", "bundle.py"))


def test_every_trained_generator_can_be_trained_again() -> None:
    trained = {name for name, card in cards().items() if card.status != SPEC_ONLY}
    left = {name for name in trained if not TRAIN["is_trainable"](cards()[name])}
    assert left == {"vq-conv-ti-avatars64", "vq-hit-ti-avatars64"}  # by the commands of their records


@pytest.mark.parametrize("name", [name for name, card in cards().items() if card.data and card.data.command])
def test_data_are_made_by_the_command_of_the_record(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setitem(TRAIN["made"].__globals__, "subprocess", Started(started))
    card: Card = cards()[name]
    assert card.data is not None
    option, place = TRAIN["made"](card, tmp_path)
    assert (option, Path(place).parent) == ("--data", tmp_path)
    assert f" {Path(place).name}" in card.data.command
    ((program, *words),) = started
    assert program == sys.executable
    assert words[:3] == ["-m", "hitzoo", "data"]
    Path(place).touch()
    TRAIN["made"](card, tmp_path)
    assert len(started) == 1  # what is there is kept


def test_fashion_mnist_is_looked_for_beside_the_others(tmp_path: Path) -> None:
    assert TRAIN["made"](cards()["hit-ti-fashion32"], tmp_path) == ["--data", str(tmp_path / "fashion:train+test")]


class Started:
    """Stands in for the module subprocess: notes what would have been run."""

    def __init__(self, started: list[list[str]]) -> None:
        self._started = started

    def run(self, words: list[str], **_: object) -> None:
        self._started.append(words)


SESSION: dict[str, Any] = {
    "started": "2026-11-27T04:16:19+00:00",
    "command": ["/x/__main__.py", "train", "tiny", "--data", "/y/z.zip", "--out", "/r/a", "--for=2h", "--keep", "3"],
    "versions": {"python": "3.11.7", "torch": "2.9", "hitzoo": "0.1.0"},
    "device": "cpu",
    "precision": "bf16",
    "compiled": False,
    "batch_per_device": 16,
    "processes": 1,
}


def begun(folder: Path, *sessions: dict[str, Any]) -> Path:
    (folder / "run.json").write_text(json.dumps({"seed": 3, "sessions": sessions}), encoding="utf-8")
    lines = [{"step": 10, "images": 160, "seconds": 99.0}, {"step": 20, "images": 320, "seconds": 1800.4}]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return folder


def test_a_record_has_the_command_without_what_changes_nothing(tmp_path: Path) -> None:
    resumed = SESSION | {"started": "2026-11-28T04:16:19+00:00", "command": ["/x", "train", "--resume", "a"]}
    made = BUNDLE["provenance_of"](begun(tmp_path, SESSION, resumed), 20, "a core")
    assert made["command"] == "hitzoo train tiny --data z.zip --out runs/a --steps 20"
    assert (made["steps"], made["images"], made["hours"], made["date"]) == (20, 320, 0.5, "2026-11-28")


def test_a_run_that_went_on_otherwise_is_not_recorded_as_its_first_session(tmp_path: Path) -> None:
    run = begun(tmp_path, SESSION, SESSION | {"precision": "float32"})
    with pytest.raises(ValueError, match="continued with another precision"):
        BUNDLE["provenance_of"](run, 20, "a core")
