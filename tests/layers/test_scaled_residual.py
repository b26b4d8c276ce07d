from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from hitzoo.layers.fir import Blur, FirUpsample
from hitzoo.layers.logit_head import minibatch_std
from hitzoo.layers.scaled_residual import ScaledLogitHead, ScaledResidualDown, ScaledStem


def rectified(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, 0.2 * x) * math.sqrt(2)


def kernel(gain: float = 1.0) -> torch.Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64)
    return gain * torch.outer(taps, taps) / 64


def filtered(x: torch.Tensor, padding: int, gain: float = 1.0) -> torch.Tensor:
    """Each output pixel as a sum over its 4×4 neighbourhood."""
    x = F.pad(x, (padding,) * 4)
    side = x.shape[-1] - 3
    out = torch.zeros(*x.shape[:2], side, side, dtype=x.dtype)
    for row in range(4):
        for column in range(4):
            out += kernel(gain)[row, column] * x[:, :, row : row + side, column : column + side]
    return out


def used(conv) -> torch.Tensor:
    return conv.weight / math.sqrt(conv.weight[0].numel())


def test_blur_is_the_sum_over_neighbours(randn) -> None:
    x = randn(2, 3, 6, 6)
    torch.testing.assert_close(Blur(3, padding=2).double()(x), filtered(x, 2), rtol=1e-12, atol=1e-12)
    assert Blur(3, padding=1, gain=4.0).double()(x).shape == (2, 3, 5, 5)


def test_upsampled_image_is_the_filter_on_pixels_between_zeros(randn) -> None:
    x = randn(2, 3, 5, 5)
    wide = torch.zeros(2, 3, 13, 13, dtype=x.dtype)
    wide[:, :, 2:12:2, 2:12:2] = x
    torch.testing.assert_close(FirUpsample(3).double()(x), filtered(wide, 0, 4.0), rtol=1e-12, atol=1e-12)


def test_block_is_its_description(randn, filled) -> None:
    block, x = filled(ScaledResidualDown(in_channels=3, out_channels=5)), randn(2, 3, 8, 8)
    main = rectified(F.conv2d(x, used(block.conv1), block.conv1.bias, padding=1))
    main = rectified(F.conv2d(filtered(main, 2), used(block.conv2), block.conv2.bias, stride=2))
    skip = F.conv2d(filtered(x, 1)[:, :, ::2, ::2], used(block.skip))
    torch.testing.assert_close(block(x), (main + skip) / math.sqrt(2), rtol=1e-12, atol=1e-12)


def test_stem_is_its_description(randn, filled) -> None:
    stem, x = filled(ScaledStem(in_channels=3, out_channels=4)), randn(2, 3, 5, 5)
    expected = rectified(torch.einsum("oc,bchw->bohw", used(stem.conv)[:, :, 0, 0], x) + stem.conv.bias[:, None, None])
    torch.testing.assert_close(stem(x), expected, rtol=1e-12, atol=1e-12)


def test_logit_is_of_channels_before_pixels(randn, filled) -> None:
    head, x = filled(ScaledLogitHead(channels=3, side=4, minibatch_std=2)), randn(4, 3, 4, 4)
    given = torch.cat((x, minibatch_std(x, 2)), dim=1)
    hidden = rectified(F.conv2d(given, used(head.conv), head.conv.bias, padding=1)).reshape(4, -1)
    hidden = rectified(hidden @ used(head.hidden).T + head.hidden.bias)
    expected = hidden @ used(head.logit).T + head.logit.bias
    torch.testing.assert_close(head(x), expected[:, 0], rtol=1e-12, atol=1e-12)
