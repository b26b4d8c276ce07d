"""Fixed positions of a map: sines and cosines of column and row, times one learned scale.

r side of the map, C channels.
"""

from __future__ import annotations

import math

import torch
from torch import nn


class SinusoidalPosition(nn.Module):
    """Add scale · position: [B, r, r, C] -> [B, r, r, C]; the scale begins at 0.

    The first half of the channels tells the column, the second the row. Each half has sines and then cosines of the
    places 1, 2, …, r times 10000^(−i/(C/4 − 1)), for i from 0 to C/4 − 1.
    Source: Vaswani et al. 2017, section 3.5, in the form of StyleSwin (Zhang et al. 2022). The table is made in float32
    whatever the network's precision, as there: in float64 its values differ by up to 3e-5.
    """

    table: torch.Tensor

    def __init__(self, *, side: int, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1))
        self.register_buffer("table", sines_and_cosines(side, channels // 2), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the positions to every map of the batch."""
        side = x.shape[1]
        columns, rows = self.table[None].expand(side, -1, -1), self.table[:, None].expand(-1, side, -1)
        return x + (self.scale * torch.cat((columns, rows), dim=-1)).to(x.dtype)


def sines_and_cosines(length: int, channels: int) -> torch.Tensor:
    """A row for each place: [length, channels], sines first."""
    count = channels // 2
    rates = torch.exp(torch.arange(count, dtype=torch.float32) * -(math.log(10000) / max(1, count - 1)))
    angles = torch.arange(1, length + 1, dtype=torch.float32)[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), dim=1)
