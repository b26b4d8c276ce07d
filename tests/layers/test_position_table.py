"""Coordinates of pixels, and learned tables read between their entries."""

from __future__ import annotations

import pytest
import torch

from hitzoo.layers.position_table import axis, read_table


def test_axis_has_its_ends_and_any_part() -> None:
    whole = axis(9)
    assert (whole[0], whole[-1], whole.dtype) == (-1, 1, torch.float64)
    assert torch.equal(axis(9, start=3, length=4), whole[3:7])
    torch.testing.assert_close(axis(17)[::2], whole, atol=1e-7, rtol=0)


@pytest.mark.parametrize("align_corners", [False, True])
def test_table_is_read_as_grid_sample_does(align_corners: bool) -> None:
    table = torch.randn(6, 6, 3, generator=torch.Generator().manual_seed(0)).double()
    down, right = torch.tensor([-1.0, -0.3, 0.99, 1.0]).double(), torch.linspace(-1, 1, 7).double()
    grid = torch.stack(torch.meshgrid(right, down, indexing="xy"), dim=-1)
    expected = torch.nn.functional.grid_sample(
        table.permute(2, 0, 1)[None], grid[None], padding_mode="border", align_corners=align_corners
    )
    found = read_table(table, down, right, align_corners=align_corners)
    torch.testing.assert_close(found, expected[0].permute(1, 2, 0))


def test_aligned_table_at_its_own_resolution_is_itself() -> None:
    table = torch.randn(6, 6, 3)
    torch.testing.assert_close(read_table(table, axis(6), axis(6), align_corners=True), table, atol=1e-5, rtol=0)
