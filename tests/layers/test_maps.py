"""Where pixels and channels go: blocking and both ways of doubling, written as loops."""

from __future__ import annotations

from itertools import product

import torch

from hitzoo.layers.blocking import from_blocks, to_blocks
from hitzoo.layers.position import PositionEmbedding
from hitzoo.layers.upsample import Upsample, depth_to_space, nearest


def test_blocks_are_read_row_by_row_and_so_are_their_pixels(randn) -> None:
    x = randn(2, 6, 6, 5)
    blocks = to_blocks(x, 2)
    assert blocks.shape == (2, 9, 4, 5)
    for row, column in product(range(6), range(6)):
        block = 3 * (row // 2) + column // 2
        pixel = 2 * (row % 2) + column % 2
        assert torch.equal(blocks[:, block, pixel], x[:, row, column])


def test_blocks_are_put_together_again(randn) -> None:
    x = randn(2, 12, 12, 5)
    for size in (1, 2, 3, 4, 6, 12):
        assert torch.equal(from_blocks(to_blocks(x, size), size, 12 // size), x)


def test_depth_to_space_reads_channels_as_dy_dx_c(randn) -> None:
    x = randn(2, 3, 4, 8)
    out = depth_to_space(x)
    assert out.shape == (2, 6, 8, 2)
    for y, column, dy, dx, channel in product(range(3), range(4), range(2), range(2), range(2)):
        expected = x[:, y, column, 4 * dy + 2 * dx + channel]
        assert torch.equal(out[:, 2 * y + dy, 2 * column + dx, channel], expected)


def test_nearest_repeats_every_pixel(randn) -> None:
    x = randn(2, 3, 4, 5)
    out = nearest(x)
    assert out.shape == (2, 6, 8, 5)
    for row, column in product(range(6), range(8)):
        assert torch.equal(out[:, row, column], x[:, row // 2, column // 2])


def test_upsample_has_a_linear_layer_only_where_the_widths_differ(randn, filled) -> None:
    x = randn(2, 3, 3, 16)
    same = Upsample(in_channels=16, out_channels=4)
    assert not list(same.parameters())
    assert torch.equal(same(x), depth_to_space(x))
    wider = filled(Upsample(in_channels=16, out_channels=6))
    expected = depth_to_space(x) @ wider.linear.weight.T + wider.linear.bias
    torch.testing.assert_close(wider(x), expected)


def test_the_position_table_is_added_to_every_map(randn, filled) -> None:
    position = filled(PositionEmbedding(side=3, channels=4))
    x = randn(2, 3, 3, 4)
    for image, row, column in product(range(2), range(3), range(3)):
        assert torch.equal(position(x)[image, row, column], x[image, row, column] + position.weight[row, column])
