"""Doubling of a channels-last map by the taps [1, 3, 3, 1]: each new pixel is ¾ of the nearest and ¼ of the next.

With zeros outside it is the low-pass by which StyleGAN2 doubles images; with the border's own pixels outside it is
bilinear interpolation whose pixels are areas. Sums of shifted maps, whose backward pass adds in a fixed order on every
device.

B batch, r side of the map, C channels.
"""

from __future__ import annotations

from typing import Literal

import torch


def doubled(x: torch.Tensor, outside: Literal["zero", "border"]) -> torch.Tensor:
    """Double both sides: [B, r, r, C] -> [B, 2r, 2r, C]."""
    return _doubled_along(_doubled_along(x, 1, outside), 2, outside)


def _doubled_along(x: torch.Tensor, axis: int, outside: Literal["zero", "border"]) -> torch.Tensor:
    length = x.shape[axis]
    first, last = x.narrow(axis, 0, 1), x.narrow(axis, length - 1, 1)
    if outside == "zero":
        first, last = torch.zeros_like(first), torch.zeros_like(last)
    before = torch.cat((first, x.narrow(axis, 0, length - 1)), dim=axis)
    after = torch.cat((x.narrow(axis, 1, length - 1), last), dim=axis)
    near = 0.75 * x
    return torch.stack((near + 0.25 * before, near + 0.25 * after), dim=axis + 1).flatten(axis, axis + 1)
