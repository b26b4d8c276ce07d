"""Images seen through affine maps: twice as fine by a wavelet's filter, sampled between pixels, and made coarse again.

Beyond its borders an image goes on mirrored, for ever: one period of that is what is made finer. The filter is that of
the wavelet sym6, so that without a map the image comes out as it went in, and with one hardly anything folds back from
beyond the finest frequency. Every step is linear in the image, with gradients of any order.
B images per batch, C channels, R pixels per side. Source: Karras et al. 2020, appendix B.2, which mirrors once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from hitzoo.runtime.transfer import send

_SYM6 = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
_DELAY = sum(place * tap for place, tap in enumerate(_SYM6)) / sum(_SYM6)  # of slow changes, in fine pixels: 5.1
_BEFORE = 5  # fine pixels that the filter reaches back from the first of a pixel's two
_SMALLEST = 3  # pixels per side


def resample(images: torch.Tensor, inverse: torch.Tensor) -> torch.Tensor:
    """Return images moved by maps whose inverses are given: [B, C, R, R], [B, 3, 3] -> [B, C, R, R].

    An inverse takes a place of the result, (x, y, 1) in pixels from the middle, to one of the image. An image with a
    side of fewer than 3 pixels stays as it is.
    """
    side = images.shape[-1]
    if side < _SMALLEST:
        return images
    finer, coarser = _resampling_matrices(side, images.device, images.dtype)
    sampled = sample(finer @ images @ finer.T, _places(inverse, side, len(finer)))
    return coarser @ sampled @ coarser.T


def _places(inverse: torch.Tensor, side: int, period: int) -> torch.Tensor:
    """Return where the fine pixels of the result come from, in fine pixels of the period: [B, L, L, 2], x first."""
    count = 2 * side + len(_SYM6) - 2
    own = torch.arange(count, device=inverse.device).to(inverse.dtype)
    own = (own - _DELAY) / 2 - (side - 1) / 2  # in pixels, from the middle of the image
    matrix = inverse[:, :2, :, None, None]
    places = matrix[:, :, 0] * own[None, None, None] + matrix[:, :, 1] * own[None, None, :, None] + matrix[:, :, 2]
    return (2 * places + side - 1 + _DELAY - _BEFORE).remainder(period).permute(0, 2, 3, 1)


@lru_cache(maxsize=8)
def _resampling_matrices(side: int, device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what makes one period of a mirrored line twice as fine, and a fine line of 2·R + 10 coarse again.

    They are [4·R − 4, R] and [R, 2·R + 10]; products with them are faster than convolutions of so few channels.
    """
    taps = torch.tensor(_SYM6, dtype=torch.float64, device="cpu")
    fine, tap = torch.meshgrid(torch.arange(4 * side - 4), torch.arange(len(taps)), indexing="ij")
    twice = fine - tap + _BEFORE  # the pixel whose filter has this tap at this fine pixel, where it is even
    pixel = (twice // 2) % (2 * side - 2)
    pixel = torch.minimum(pixel, 2 * side - 2 - pixel)
    finer = torch.zeros(4 * side - 4, side, dtype=torch.float64)
    values = torch.where(twice % 2 == 0, taps[tap] * 2**0.5, 0.0)
    finer.index_put_((fine, pixel), values, accumulate=True)
    coarser = torch.zeros(side, 2 * side + len(taps) - 2, dtype=torch.float64)
    for line in range(side):
        coarser[line, 2 * line : 2 * line + len(taps)] = taps / 2**0.5
    return send(finer.to(dtype), device), send(coarser.to(dtype), device)


def sample(images: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Interpolate linearly in a period of images: [B, C, P, P], [B, L, L, 2] in pixels from 0 to P -> [B, C, L, L].

    Gradients by the images are of any order; there are none by the places.
    """
    whole = torch.cat((images, images[..., :1]), dim=-1)
    whole = torch.cat((whole, whole[..., :1, :]), dim=-2)
    if images.is_cuda and torch.are_deterministic_algorithms_enabled():
        return gathered(whole, places)
    grid = places * (2 / images.shape[-1]) - 1
    sampled: torch.Tensor = _Sampled.apply(whole, grid)
    return sampled


def gathered(images: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Interpolate by four plain look-ups, whose gradients are added in a fixed order where that is asked for."""
    last = images.shape[-1] - 2
    corner = places.floor().clamp(0, last)
    right, down = (places - corner).unbind(-1)
    column, row = corner.long().unbind(-1)
    batch = torch.arange(len(images), device=images.device)[:, None, None]
    found = []
    for rows, vertical in ((row, 1 - down), (row + 1, down)):
        for columns, horizontal in ((column, 1 - right), (column + 1, right)):
            found.append(images.permute(0, 2, 3, 1)[batch, rows, columns] * (vertical * horizontal)[..., None])
    return torch.stack(found).sum(0).permute(0, 3, 1, 2)


_BILINEAR, _BORDER = 0, 1  # numbers of torch's modes


class _Sampled(torch.autograd.Function):
    """`F.grid_sample` with gradients by the images of any order: in torch 2.8 its own has those of the first."""

    @staticmethod
    def forward(ctx: Any, images: torch.Tensor, grid: torch.Tensor) -> Any:
        ctx.save_for_backward(grid)
        ctx.shape = images.shape
        return torch.ops.aten.grid_sampler_2d(images, grid, _BILINEAR, _BORDER, True)

    @staticmethod
    def backward(ctx: Any, *incoming: torch.Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        return _Scattered.apply(incoming[0], grid, ctx.shape), None


class _Scattered(torch.autograd.Function):
    """The transpose of `_Sampled`, whose own transpose is that again."""

    @staticmethod
    def forward(ctx: Any, gradient: torch.Tensor, grid: torch.Tensor, shape: torch.Size) -> Any:
        ctx.save_for_backward(grid)
        images = gradient.new_zeros(()).expand(shape)  # its values do not matter
        return torch.ops.aten.grid_sampler_2d_backward(gradient, images, grid, _BILINEAR, _BORDER, True, [True, False])[
            0
        ]

    @staticmethod
    def backward(ctx: Any, *incoming: torch.Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        return _Sampled.apply(incoming[0], grid), None, None
