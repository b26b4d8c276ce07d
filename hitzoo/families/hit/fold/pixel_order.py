"""Orders of the rows of a map: an order lists each row's pixel, counted row by row over the map.

r resolution, B batch, N = r² rows, C channels.
"""

from __future__ import annotations

import torch

from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.layers.blocking import to_blocks


def raster_order(resolution: int) -> torch.Tensor:
    """Raster order, row by row: [r²]."""
    return torch.arange(resolution**2)


def order_for(plan: HitStagePlan, given: torch.Tensor) -> torch.Tensor:
    """Block by block where a stage attends in blocks, raster order where it attends globally, else `given`."""
    if plan.attention == "none":
        return given
    pixels = raster_order(plan.resolution)
    if not plan.block_size:
        return pixels
    return to_blocks(pixels.view(1, plan.resolution, plan.resolution, 1), plan.block_size).flatten()


def children_order(parents: torch.Tensor, resolution: int) -> torch.Tensor:
    """Replace each pixel by its four children (dy, dx), on the map of twice the resolution: [r²] -> [4r²]."""
    y, x = parents // resolution, parents % resolution
    child = torch.arange(4)
    down, right = 2 * y[:, None] + child // 2, 2 * x[:, None] + child % 2
    return (down * 2 * resolution + right).flatten()


def permutation(given: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor | None:
    """Indices that take rows from one order to another; None where the orders are equal."""
    return None if torch.equal(given, wanted) else torch.argsort(given)[wanted]


def permutation_on(device: torch.device, given: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor | None:
    """The same on a device."""
    index = permutation(given, wanted)
    return None if index is None else index.to(device)


def permuted(rows: torch.Tensor, by: torch.Tensor | None) -> torch.Tensor:
    """Reorder the rows: [B, N, C] -> [B, N, C]."""
    return rows if by is None else rows.index_select(1, by)
