from __future__ import annotations

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F

from hitzoo.layers.conv_stem import ConvStem
from hitzoo.layers.downsample import AveragePool, BlurPool
from hitzoo.layers.logit_head import LogitHead, minibatch_std
from hitzoo.layers.residual_down import ResidualDown


def slow_blur(x: torch.Tensor) -> torch.Tensor:
    """Every output pixel as the sum over its 4×4 neighbourhood; outside there is 0."""
    taps = (1, 3, 3, 1)
    batch, channels, side, _ = x.shape
    out = torch.zeros(batch, channels, side // 2, side // 2, dtype=x.dtype)
    for row, column, i, j in product(range(side // 2), range(side // 2), range(4), range(4)):
        y, z = 2 * row + i - 1, 2 * column + j - 1
        if 0 <= y < side and 0 <= z < side:
            out[:, :, row, column] += taps[i] * taps[j] / 64 * x[:, :, y, z]
    return out


def leaky(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, 0.2 * x)


def test_blur_pool_is_the_dense_loop(randn) -> None:
    x = randn(2, 3, 6, 6)
    torch.testing.assert_close(BlurPool(3).double()(x), slow_blur(x), rtol=1e-12, atol=1e-12)


def test_average_pool_is_the_mean_of_four(randn) -> None:
    x = randn(2, 3, 6, 6)
    expected = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    torch.testing.assert_close(AveragePool(3)(x), expected)


def test_the_stem_is_a_convolution_and_a_leaky_relu(randn, filled) -> None:
    stem = filled(ConvStem(in_channels=3, out_channels=4, equalized=False))
    x = randn(2, 3, 6, 6)
    padded = torch.zeros(2, 3, 8, 8, dtype=x.dtype)
    padded[..., 1:-1, 1:-1] = x
    before = torch.zeros(2, 4, 6, 6, dtype=x.dtype)
    for row, column in product(range(6), range(6)):
        window = padded[:, :, row : row + 3, column : column + 3]
        before[:, :, row, column] = (window[:, None] * stem.conv.weight[None]).sum((2, 3, 4)) + stem.conv.bias
    torch.testing.assert_close(stem(x), leaky(before), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("downsample", ["blur", "average"])
def test_the_residual_block_is_its_description(randn, filled, downsample) -> None:
    block = filled(ResidualDown(in_channels=3, out_channels=5, downsample=downsample, equalized=False))
    x = randn(2, 3, 8, 8)
    down = slow_blur if downsample == "blur" else AveragePool(3)
    main = down(leaky(F.conv2d(x, block.conv1.weight, block.conv1.bias, padding=1)))
    main = leaky(F.conv2d(main, block.conv2.weight, block.conv2.bias, padding=1))
    skip = torch.einsum("bchw,oc->bohw", down(x), block.skip.weight[:, :, 0, 0])
    assert block.skip.bias is None
    torch.testing.assert_close(block(x), (main + skip) / math.sqrt(2), rtol=1e-12, atol=1e-12)


def test_the_head_flattens_in_the_order_h_w_c(randn, filled) -> None:
    channels, side = 3, 4
    head = filled(LogitHead(channels=channels, side=side, minibatch_std=0, equalized=False))
    x = randn(2, channels, side, side)
    seen = leaky(F.conv2d(x, head.conv.weight, head.conv.bias, padding=1))
    hidden = head.hidden.bias.expand(2, channels).clone()
    for row, column, channel in product(range(side), range(side), range(channels)):
        place = (row * side + column) * channels + channel
        hidden += seen[:, channel, row, column, None] * head.hidden.weight[None, :, place]
    logits = (leaky(hidden) * head.logit.weight).sum(1) + head.logit.bias
    out = head(x)
    assert out.shape == (2,)
    torch.testing.assert_close(out, logits, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("batch", "group"), [(8, 4), (6, 2), (4, 4), (3, 4)])
def test_minibatch_std_groups_with_the_group_axis_first(randn, batch, group) -> None:
    x = randn(batch, 3, 4, 4)
    out = minibatch_std(x, group)
    assert out.shape == (batch, 1, 4, 4)
    size = min(group, batch)
    stride = batch // size
    for image in range(batch):
        members = [x[image % stride + k * stride] for k in range(size)]
        mean = sum(members) / size
        variance = sum((member - mean) ** 2 for member in members) / size
        expected = torch.sqrt(variance + 1e-8).mean()
        torch.testing.assert_close(out[image], expected.expand(1, 4, 4), rtol=1e-12, atol=1e-12)


def test_the_offset_of_the_variance_keeps_equal_images_at_1e_4() -> None:
    out = minibatch_std(torch.ones(4, 2, 4, 4, dtype=torch.float64), 4)
    assert out.unique().tolist() == pytest.approx([1e-4])


def test_the_head_sees_the_deviation_as_one_more_channel(randn, filled) -> None:
    head = filled(LogitHead(channels=3, side=4, minibatch_std=2, equalized=False))
    plain = filled(LogitHead(channels=3, side=4, minibatch_std=0, equalized=False))
    assert head.conv.weight.shape == (3, 4, 3, 3)
    with torch.no_grad():
        for layer in ("hidden", "logit"):
            getattr(plain, layer).load_state_dict(getattr(head, layer).state_dict())
        plain.conv.bias.copy_(head.conv.bias)
        plain.conv.weight.copy_(head.conv.weight[:, :3])
    x = randn(4, 3, 4, 4)
    assert not torch.allclose(head(x), plain(x))
    with torch.no_grad():
        head.conv.weight[:, 3] = 0  # deaf to the last channel, which must be the deviation
    torch.testing.assert_close(head(x), plain(x))
