"""docs/zoo.md says what the records say, and every grid that it shows is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from PIL import Image

from hitzoo.zoo.cards import cards

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_is_what_the_records_make_of_it() -> None:
    page = runpy.run_path(str(DOCS / "zoo/page.py"))
    kept, mark, rest = (DOCS / "zoo.md").read_text(encoding="utf-8").partition(page["MARK"])
    assert kept, "what a person wrote comes first"
    assert mark
    assert rest == "\n" + page["written"](page["trained"]()), "write it with: python docs/zoo/page.py"


@pytest.mark.parametrize("name", re.findall(r"\]\(zoo/(\S+)\.webp\)", (DOCS / "zoo.md").read_text(encoding="utf-8")))
def test_a_grid_shows_the_samples_of_these_weights(name: str) -> None:
    drawn_of = runpy.run_path(str(DOCS / "zoo/page.py"))["drawn_of"]
    assert drawn_of(DOCS / f"zoo/{name}.webp") == cards()[name].sha256, "draw it with: python docs/zoo/page.py --grids"
    with Image.open(DOCS / f"zoo/{name}.webp") as grid:
        assert grid.width / grid.height == pytest.approx(9 / 4, rel=0.02)
        assert grid.width >= 9 * 128
