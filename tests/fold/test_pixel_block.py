from __future__ import annotations

import pytest
import torch

from hitzoo.fold.image import add_to_image, upsample_nearest
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.fold.rewrites import before_depth_to_space
from hitzoo.layers.upsample import depth_to_space, nearest

RECTANGLES = [PixelBlock(0, 0, 4, 4), PixelBlock(1, 2, 3, 2), PixelBlock(3, 3, 1, 1), PixelBlock(0, 1, 1, 3)]


def grown(pixel_block: PixelBlock, depth: int) -> PixelBlock:
    for _ in range(depth):
        pixel_block = pixel_block.doubled()
    return pixel_block


@pytest.mark.parametrize("pixel_block", RECTANGLES)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_rows_and_map_are_inverse(pixel_block: PixelBlock, depth: int) -> None:
    pixel_block, side = grown(pixel_block, depth), 4 << depth
    table = torch.arange(side * side * 2).view(side, side, 2)
    rows = pixel_block.rows_of(table)
    assert rows.shape == (pixel_block.size, 2)
    part = table[
        pixel_block.top << depth : (pixel_block.top + pixel_block.height) << depth,
        pixel_block.left << depth : (pixel_block.left + pixel_block.width) << depth,
    ]
    assert torch.equal(pixel_block.map_of(rows.unsqueeze(0))[0], part)


@pytest.mark.parametrize("pixel_block", RECTANGLES)
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("rows", [4, 5, 16, 37, 1000])
def test_pieces_are_runs_of_rows_that_stay_under_the_limit(pixel_block: PixelBlock, depth: int, rows: int) -> None:
    pixel_block, side = grown(pixel_block, depth), 4 << depth
    table = torch.arange(side * side).view(side, side, 1)
    whole = pixel_block.rows_of(table)
    end = 0
    for part, piece in pixel_block.chunks(rows):
        assert part.start == end
        end = part.stop
        assert piece.size == part.stop - part.start <= rows
        assert torch.equal(piece.rows_of(table), whole[part])
    assert end == pixel_block.size


def test_a_single_pixel_is_a_piece_whatever_the_limit() -> None:
    assert [piece for _, piece in PixelBlock(0, 0, 1, 2).chunks(0)] == [PixelBlock(0, 0, 1, 1), PixelBlock(0, 1, 1, 1)]


def test_doubling_keeps_rows_in_place() -> None:
    x = torch.randn(2, 4, 4, 8)
    pixel_block = PixelBlock(1, 0, 2, 3)
    rows = before_depth_to_space(x[:, 1:3, 0:3].flatten(1, 2))
    assert torch.equal(pixel_block.doubled().map_of(rows), depth_to_space(x)[:, 2:6, 0:6])


def test_the_image_follows_its_pixels() -> None:
    image, contribution = torch.randn(2, 6, 3), torch.randn(2, 24, 3)
    pixel_block = PixelBlock(0, 0, 2, 3)
    up = nearest(pixel_block.map_of(image))
    assert torch.equal(pixel_block.doubled().map_of(upsample_nearest(image)), up)
    both = add_to_image(image, contribution, doubled=True)
    assert torch.equal(pixel_block.doubled().map_of(both), up + pixel_block.doubled().map_of(contribution))
    assert torch.equal(add_to_image(image, None, doubled=True), upsample_nearest(image))
    assert add_to_image(None, None, doubled=True) is None
    assert add_to_image(None, contribution, doubled=True) is contribution
    assert torch.equal(add_to_image(contribution, contribution, doubled=False), 2 * contribution)
