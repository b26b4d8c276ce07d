"""Bilinear resizing as two products with fixed matrices: the same on every device, with gradients of any order."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Resize(nn.Module):
    """Bilinear interpolation of square maps, antialiased where they shrink: [B, C, r, r] -> [B, C, R, R].

    Pixels are areas (`align_corners=False`). The backward pass of torch's own interpolation adds in no fixed order on
    CUDA.
    """

    matrix: torch.Tensor

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.same = inner == outer
        self.register_buffer("matrix", _matrix(inner, outer), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the maps at their new side, channels-last."""
        if self.same:
            return x
        matrix = self.matrix.to(x.dtype)
        return (matrix @ x @ matrix.T).contiguous(memory_format=torch.channels_last)


def _matrix(inner: int, outer: int) -> torch.Tensor:
    """Weights [outer, inner] of the old pixels in each new one."""
    device = torch.empty(0).device
    if device.type == "meta":
        return torch.empty(outer, inner)
    lines = torch.eye(inner, device="cpu")[None, None]  # there is no antialiased resizing on every device
    weights = F.interpolate(lines, (outer, inner), mode="bilinear", align_corners=False, antialias=outer < inner)
    return weights[0, 0].to(device)
