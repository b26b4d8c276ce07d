"""Bicubic doubling and smoothing of a channels-last map, as sums of shifted maps.

torch's own interpolation has a backward pass on CUDA that is not deterministic; this has the same numbers. The kernel
is Keys' cubic convolution with a = −0.75, pixels outside repeat the border, no antialiasing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

_A = -0.75
_REACH = 2  # pixels to each side


def bicubic(x: torch.Tensor) -> torch.Tensor:
    """Double the resolution: [B, r, r, C] -> [B, 2r, 2r, C]; corners are not aligned."""
    for dim in (1, 2):
        padded, count = _padded(x, dim), x.shape[dim]
        even = _filtered(padded, dim, count, _taps(0.75), start=0)  # at i − ¼: the pixels i − 2 to i + 1
        odd = _filtered(padded, dim, count, _taps(0.25), start=1)  # at i + ¼
        x = torch.stack((even, odd), dim=dim + 1).flatten(dim, dim + 1)
    return x


def smooth(x: torch.Tensor) -> torch.Tensor:
    """Quadruple the resolution bicubically and average 4×4 pixels: [B, r, r, C] -> [B, r, r, C], five taps per axis."""
    for dim in (1, 2):
        x = _filtered(_padded(x, dim), dim, x.shape[dim], _SMOOTHING, start=0)
    return x


def _taps(t: float) -> list[float]:
    """Weights of four pixels in a row for a place at `t` from the second to the third."""
    near = [((_A + 2) * u - (_A + 3)) * u * u + 1 for u in (t, 1 - t)]
    far = [((_A * u - 5 * _A) * u + 8 * _A) * u - 4 * _A for u in (1 + t, 2 - t)]
    return [far[0], *near, far[1]]


def _smoothing() -> list[float]:
    """Weights of the pixels i − 2 to i + 2 in the mean of the four places i − ⅜, i − ⅛, i + ⅛ and i + ⅜."""
    rows = [[*_taps(t), 0.0] for t in (0.625, 0.875)] + [[0.0, *_taps(t)] for t in (0.125, 0.375)]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


_SMOOTHING = _smoothing()


def _padded(x: torch.Tensor, dim: int) -> torch.Tensor:
    """Repeat the border; torch's replication padding is not deterministic backwards on CUDA either."""
    first, last = x.narrow(dim, 0, 1), x.narrow(dim, x.shape[dim] - 1, 1)
    return torch.cat([first] * _REACH + [x] + [last] * _REACH, dim=dim)


def _filtered(padded: torch.Tensor, dim: int, count: int, taps: Sequence[float], *, start: int) -> torch.Tensor:
    """Sum `count` pixels from `start` on, each with those after it by the weights `taps`."""
    total = taps[0] * padded.narrow(dim, start, count)
    for place, tap in enumerate(taps[1:], start=start + 1):
        total = total + tap * padded.narrow(dim, place, count)
    return total
