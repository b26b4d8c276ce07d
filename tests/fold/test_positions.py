from __future__ import annotations

import torch

from hitzoo.fold.kernels import plain_kernels
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.fold.positions import Positions

TABLE = torch.randn(8, 8, 3, generator=torch.Generator().manual_seed(0))


def keeping(numbers: int) -> Positions:
    from dataclasses import replace

    return Positions(TABLE, replace(plain_kernels(), position_cache_numel=numbers))


def test_rows_that_were_given_out_are_kept() -> None:
    positions, pixel_block = keeping(TABLE.numel()), PixelBlock(1, 0, 2, 3)
    assert torch.equal(positions.of(pixel_block), pixel_block.rows_of(TABLE))
    assert positions.of(pixel_block) is positions.of(pixel_block)


def test_a_large_table_keeps_nothing() -> None:
    positions, pixel_block = keeping(TABLE.numel() - 1), PixelBlock(1, 0, 2, 3)
    assert positions.of(pixel_block) is not positions.of(pixel_block)


def test_no_more_is_kept_than_the_table_has_however_many_rectangles_are_asked_for() -> None:
    positions = keeping(TABLE.numel())
    for top in range(4):
        for height in range(1, 5):
            pixel_block = PixelBlock(top, 0, height, 8)
            assert torch.equal(positions.of(pixel_block), pixel_block.rows_of(TABLE))
    assert 0 < sum(rows.numel() for rows in positions._kept.values()) <= TABLE.numel()


def test_what_belongs_to_every_row_is_added() -> None:
    plus, pixel_block = torch.tensor([1.0, 2.0, 3.0]), PixelBlock(0, 0, 8, 8)
    assert torch.equal(Positions(TABLE, plain_kernels(), plus).of(pixel_block), pixel_block.rows_of(TABLE) + plus)
