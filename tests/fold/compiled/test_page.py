"""docs/kernels.md says what is launched now; what a compiler makes of it, which differs by version, is not compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fold.compiled.page import launches_by_row, page, row_of, without_resources
from tests.fold.compiled.test_resources import one_of_each_kind

PAGE = Path(__file__).parents[3] / "docs" / "kernels.md"
ANEW = "run `python -m tests.fold.compiled.page docs/kernels.md`"


@pytest.fixture
def written() -> str:
    pytest.importorskip("triton")
    return PAGE.read_text(encoding="utf-8")


def test_page_has_the_cards_and_the_text(written: str) -> None:
    heads = without_resources(page({}, lambda launch, card: "")).splitlines()
    assert [line for line in heads if line not in written] == [], ANEW


def test_page_has_a_launch_of_each_kind(written: str) -> None:
    lines = {tuple(line.strip("| ").split(" | ")) for line in without_resources(written).splitlines()}
    tiles = {tuple(word.strip() for word in line[:5]): line[5:] for line in lines}
    for launch, _ in one_of_each_kind():
        assert any(launch.tile == tile.strip() for tile in tiles[row_of(launch)]), (row_of(launch), ANEW)


@pytest.mark.exhaustive
def test_page_is_the_one_that_would_be_written(written: str) -> None:
    anew = page(launches_by_row(), lambda launch, card: launch.tile)
    assert without_resources(written) == without_resources(anew), ANEW
