"""docs/zoo/train.py trains every model again, on data that it makes by the commands of the records."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from hitzoo.zoo.cards import SPEC_ONLY, Card, cards

TRAIN = runpy.run_path(str(Path(__file__).parents[2] / "docs/zoo/train.py"))


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
