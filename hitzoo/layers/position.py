"""A learned position embedding for every pixel of a map."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.linear import truncated_normal_
from hitzoo.layers.registry import register_block


@register_block("position_embedding")
class PositionEmbedding(nn.Module):
    """Add a table of shape (r, r, C): [B, r, r, C] -> [B, r, r, C]."""

    def __init__(self, *, side: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_normal_(torch.empty(side, side, channels)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the table to every map of the batch."""
        return x + self.weight
