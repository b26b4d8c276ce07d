"""Base of the attention blocks: a norm, projections to heads, an output projection, and the MLP that follows.

B batch, C channels of the map, S channels of what is attended to, h heads, d = C/h.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.linear import linear
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.norm import build_norm


class AttentionBlock(nn.Module):
    """The modules of a block and their projections; subclasses decide which positions attend to which.

    With `share_kv` one key and one value head serve all heads (multi-query); otherwise each has its own (multi-head).
    """

    def __init__(
        self, *, channels: int, source_channels: int, heads: int, share_kv: bool, norm: str, expansion: int
    ) -> None:
        super().__init__()
        self.heads = heads
        self.key_heads = 1 if share_kv else heads
        width = channels // heads
        self.norm = build_norm(norm, channels)
        self.query = linear(channels, channels)
        self.key = linear(source_channels, self.key_heads * width)
        self.value = linear(source_channels, self.key_heads * width)
        self.output = linear(channels, channels)
        self.mlp = MLPBlock(channels=channels, norm=norm, expansion=expansion)

    def project(self, x: torch.Tensor, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries of `x` [..., C] as [..., h, d]; keys and values of `source` [..., S] with 1 or h heads."""
        query = self.query(x).unflatten(-1, (self.heads, -1))
        key = self.key(source).unflatten(-1, (self.key_heads, -1))
        value = self.value(source).unflatten(-1, (self.key_heads, -1))
        return query, key, value

    def finish(self, x: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
        """Project the attention's output, [..., C] with the heads concatenated, add it to `x`, then apply the MLP."""
        return self.mlp(x + self.output(read))
