"""Cutting a map into blocks of p×p pixels on a grid of g×g, and back.

B batch, r = g·p resolution, C channels; grid and pixels of a block are both read row by row.
"""

from __future__ import annotations

import torch
from einops import rearrange


def to_blocks(x: torch.Tensor, block_size: int) -> torch.Tensor:
    """[B, r, r, C] -> [B, g², p², C]."""
    return rearrange(x, "b (gy py) (gx px) c -> b (gy gx) (py px) c", py=block_size, px=block_size)


def from_blocks(x: torch.Tensor, block_size: int, grid_size: int) -> torch.Tensor:
    """[B, g², p², C] -> [B, r, r, C]."""
    return rearrange(x, "b (gy gx) (py px) c -> b (gy py) (gx px) c", gy=grid_size, py=block_size)
