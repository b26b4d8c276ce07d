"""Pages of images: padding, enlarged tiles, a number under each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hitzoo.errors import RequestError
from hitzoo.sampling.grid import Layout, enlarge
from hitzoo.sampling.pictures import BACKGROUND

IMAGES = np.random.default_rng(0).integers(0, 200, (5, 8, 8, 3), np.uint8)


def tile(page: np.ndarray, row: int, column: int, cell: tuple[int, int], padding: int, side: int) -> np.ndarray:
    """An image as it stands on a page of cells of (width, height)."""
    left = padding + column * (cell[0] + padding) + (cell[0] - side) // 2
    top = padding + row * (cell[1] + padding)
    return page[top : top + side, left : left + side]


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("padding", [0, 2, 5])
def test_page_holds_the_very_pixels(scale: int, padding: int) -> None:
    layout = Layout(rows=2, columns=3, padding=padding, scale=scale)
    page = layout.draw(IMAGES)
    assert page.shape[1::-1] == layout.size(8)
    for index in range(5):
        shown = tile(page, *divmod(index, 3), (8 * scale, 8 * scale), padding, 8 * scale)
        assert np.array_equal(shown[::scale, ::scale], IMAGES[index])
        assert np.array_equal(shown, enlarge(IMAGES[index], scale))
    assert (tile(page, 1, 2, (8 * scale, 8 * scale), padding, 8 * scale) == BACKGROUND).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("texts", [["0", "1", "2", "3", "4"], ["4294967295"] * 5])
def test_labels_stand_under_the_tiles_and_leave_them_as_they_are(channels: int, texts: list[str]) -> None:
    images = np.random.default_rng(0).integers(0, 200, (5, 8, 8, channels), np.uint8)
    layout = Layout(rows=2, columns=3, labels=True)
    page = layout.draw(images, texts)
    width, height = layout.size(8, texts)
    assert page.shape == (height, width, channels)
    cell = (width - 2) // 3 - 2, (height - 2) // 2 - 2
    for index in range(5):
        row, column = divmod(index, 3)
        assert np.array_equal(tile(page, row, column, cell, 2, 8), images[index])
        begin = 2 + row * (cell[1] + 2) + 8, 2 + column * (cell[0] + 2)
        strip = page[begin[0] : begin[0] + cell[1] - 8, begin[1] : begin[1] + cell[0]]
        assert strip[..., 0].min() < BACKGROUND - 60  # ink
        assert (strip[:, :1, 0] == BACKGROUND).all()  # and none that is cut
        assert (strip[:, -1:, 0] == BACKGROUND).all()
    assert not np.array_equal(layout.draw(images, texts), layout.draw(images, [text[::-1] + "7" for text in texts]))


def test_page_that_is_too_large_is_said() -> None:
    layout = Layout(rows=1000, columns=1000)
    layout.check(16)
    with pytest.raises(RequestError, match=r"--grid 1,000x1,000: a page of .* at most 536,870,912 can be made"):
        replace(layout, scale=2).check(16)
