"""A learned bias of attention by the offset from key to query.

w side of the square in which positions attend to each other, h heads.
"""

from __future__ import annotations

import torch
from torch import nn

INITIAL_STD = 0.02


class RelativePosition(nn.Module):
    """A table of one bias per offset and head, [(2w − 1)², h], as a bias of every pair: -> [h, w², w²].

    Query (y, x) and key (y', x') have the row (y − y' + w − 1)·(2w − 1) + (x − x' + w − 1).
    Source: Liu et al. 2021 (Swin), section 3.2. The pairs are read as windows of the table, so that no map of indices
    is kept: at 64×64 positions it alone would take 134 MB.
    """

    def __init__(self, *, side: int, heads: int) -> None:
        super().__init__()
        self.side = side
        table = torch.empty((2 * side - 1) ** 2, heads)
        self.table = nn.Parameter(nn.init.trunc_normal_(table, std=INITIAL_STD))

    def forward(self) -> torch.Tensor:
        """The bias of every pair of positions, both read row by row."""
        side = self.side
        offsets = self.table.T.unflatten(1, (2 * side - 1, 2 * side - 1)).flip(1, 2)
        pairs = offsets.unfold(1, side, 1).unfold(2, side, 1).flip(1, 2)  # [h, y, x, y', x']
        return pairs.reshape(-1, side * side, side * side)
