"""Features of positions: sines and cosines of fixed frequencies, of random directions, and a learned table.

r side of a map, h×w positions at hand, F features.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from hitzoo.families.inr_gan.stage_plan import InrGanStagePlan


class Coordinates(nn.Module):
    """Features of a stage's positions: rows and columns of a rectangle -> [h, w, F].

    x runs from −1 along the width and y along the height, from below: the right and the upper end are left out.
    Skorokhodov et al. 2021, section 3.3; directions and periods of the published code.
    """

    random: torch.Tensor | None
    fixed: torch.Tensor

    def __init__(self, plan: InrGanStagePlan) -> None:
        super().__init__()
        self.side = plan.resolution
        self.register_buffer("fixed", directions(plan.waves, plan.octaves), persistent=False)
        drawn = torch.randn(plan.random_waves, 2) * math.sqrt(10) if plan.random_waves else None
        self.register_buffer("random", drawn)
        shape = (plan.resolution, plan.resolution, plan.embedding)
        self.table = nn.Parameter(torch.randn(shape)) if plan.embedding else None

    def forward(self, down: slice, right: slice) -> torch.Tensor:
        """The features of a rectangle; angles reach hundreds, and are multiplied out in float64."""
        at = torch.arange(self.side, dtype=torch.float64, device=self.fixed.device) * (2 / self.side) - 1
        y, x = torch.meshgrid(at.flip(0)[down], at[right], indexing="ij")
        found = [part.double() for part in (self.fixed, self.random) if part is not None]
        along = torch.cat(found)
        angles = x[..., None] * along[:, 0] + y[..., None] * along[:, 1]
        parts = [torch.sin(angles).float(), torch.cos(angles).float()]
        if self.table is not None:
            parts = [part.to(self.table.dtype) for part in parts]
            parts.append(self.table[down, right])
        return torch.cat(parts, dim=-1)


def directions(count: int, octaves: int) -> torch.Tensor:
    """Frequencies along `count` directions, all octaves of one after another: [count·octaves, 2] for (x, y)."""
    half = math.sqrt(0.5)
    ways = ((0.0, 1.0, 4.0), (1.0, 0.0, 4.0), (-half, half, 4 / half), (half, half, 4 / half))[:count]
    rows = [
        (x * 2**k * 2 * math.pi / period, y * 2**k * 2 * math.pi / period)
        for x, y, period in ways
        for k in range(octaves)
    ]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 2)
