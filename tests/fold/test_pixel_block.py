from __future__ import annotations

import pytest
import torch

from hitzoo.fold.image import added, onto_children
from hitzoo.fold.pixel_block import Cells
from hitzoo.fold.rewrites import before_depth_to_space
from hitzoo.layers.upsample import depth_to_space, nearest

RECTANGLES = [Cells(0, 0, 4, 4), Cells(1, 2, 3, 2), Cells(3, 3, 1, 1), Cells(0, 1, 1, 3)]


def grown(cells: Cells, depth: int) -> Cells:
    for _ in range(depth):
        cells = cells.doubled()
    return cells


@pytest.mark.parametrize("cells", RECTANGLES)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_rows_and_map_are_inverse(cells: Cells, depth: int) -> None:
    cells, side = grown(cells, depth), 4 << depth
    table = torch.arange(side * side * 2).view(side, side, 2)
    rows = cells.rows_of(table)
    assert rows.shape == (cells.size, 2)
    part = table[
        cells.top << depth : (cells.top + cells.height) << depth,
        cells.left << depth : (cells.left + cells.width) << depth,
    ]
    assert torch.equal(cells.map_of(rows.unsqueeze(0))[0], part)


@pytest.mark.parametrize("cells", RECTANGLES)
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("rows", [4, 5, 16, 37, 1000])
def test_pieces_are_runs_of_rows_that_stay_under_the_limit(cells: Cells, depth: int, rows: int) -> None:
    cells, side = grown(cells, depth), 4 << depth
    table = torch.arange(side * side).view(side, side, 1)
    whole = cells.rows_of(table)
    end = 0
    for part, piece in cells.pieces(rows):
        assert part.start == end
        end = part.stop
        assert piece.size == part.stop - part.start <= rows
        assert torch.equal(piece.rows_of(table), whole[part])
    assert end == cells.size


def test_a_single_pixel_is_a_piece_whatever_the_limit() -> None:
    assert [piece for _, piece in Cells(0, 0, 1, 2).pieces(0)] == [Cells(0, 0, 1, 1), Cells(0, 1, 1, 1)]


def test_doubling_keeps_rows_in_place() -> None:
    x = torch.randn(2, 4, 4, 8)
    cells = Cells(1, 0, 2, 3)
    rows = before_depth_to_space(x[:, 1:3, 0:3].flatten(1, 2))
    assert torch.equal(cells.doubled().map_of(rows), depth_to_space(x)[:, 2:6, 0:6])


def test_the_image_follows_its_pixels() -> None:
    image, contribution = torch.randn(2, 6, 3), torch.randn(2, 24, 3)
    cells = Cells(0, 0, 2, 3)
    up = nearest(cells.map_of(image))
    assert torch.equal(cells.doubled().map_of(onto_children(image)), up)
    both = added(image, contribution, doubled=True)
    assert torch.equal(cells.doubled().map_of(both), up + cells.doubled().map_of(contribution))
    assert torch.equal(added(image, None, doubled=True), onto_children(image))
    assert added(None, None, doubled=True) is None
    assert added(None, contribution, doubled=True) is contribution
    assert torch.equal(added(contribution, contribution, doubled=False), 2 * contribution)
