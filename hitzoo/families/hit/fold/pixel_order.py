"""In which order the rows of a map stand: an order lists each row's pixel, counted row by row over the map.

r resolution, B batch, N = r² rows, C channels.
"""

from __future__ import annotations

import torch

from hitzoo.families.hit.plan import HitStagePlan
from hitzoo.layers.blocking import to_blocks


def raster(resolution: int) -> torch.Tensor:
    """Row by row: [r²]."""
    return torch.arange(resolution**2)


def wanted_by(plan: HitStagePlan, given: torch.Tensor) -> torch.Tensor:
    """Block by block where a stage attends in blocks, row by row where it takes the map whole, else as it comes."""
    if plan.attention == "none":
        return given
    pixels = raster(plan.resolution)
    if not plan.block_size:
        return pixels
    return to_blocks(pixels.view(1, plan.resolution, plan.resolution, 1), plan.block_size).flatten()


def of_children(parents: torch.Tensor, resolution: int) -> torch.Tensor:
    """Each pixel's four children (dy, dx) in its place, on the map of twice the resolution: [r²] -> [4r²]."""
    y, x = parents // resolution, parents % resolution
    child = torch.arange(4)
    down, right = 2 * y[:, None] + child // 2, 2 * x[:, None] + child % 2
    return (down * 2 * resolution + right).flatten()


def move(given: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor | None:
    """Which rows to take, one after the other, to come from one order to another; None where they are equal."""
    return None if torch.equal(given, wanted) else torch.argsort(given)[wanted]


def moved(rows: torch.Tensor, by: torch.Tensor | None) -> torch.Tensor:
    """The rows in another order: [B, N, C] -> [B, N, C]."""
    return rows if by is None else rows.index_select(1, by)
