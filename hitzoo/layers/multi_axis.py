"""Multi-axis self-attention over a blocked map, with its MLP.

B batch, G = g² blocks, P = p² pixels of a block, C channels, h heads, d = C/h.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.attend import attend
from hitzoo.layers.linear import linear
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.norm import build_norm
from hitzoo.layers.registry import register_block


@register_block("multi_axis_block")
class MultiAxisBlock(nn.Module):
    """Half the heads attend inside each block, half across blocks at the same pixel: [B, G, P, C] -> [B, G, P, C].

    The first half of the heads is regional (along P), the second dilated (along G); their outputs stand in that order.
    With `share_kv` one key and one value head serve all heads on both axes (multi-query).
    Source: Zhao et al. 2021, section 3.1.
    """

    def __init__(self, *, channels: int, heads: int, share_kv: bool, norm: str, expansion: int) -> None:
        super().__init__()
        self.heads = heads
        self.key_heads = 1 if share_kv else heads
        width = channels // heads
        self.norm = build_norm(norm, channels)
        self.query = linear(channels, channels)
        self.key = linear(channels, self.key_heads * width)
        self.value = linear(channels, self.key_heads * width)
        self.output = linear(channels, channels)
        self.mlp = MLPBlock(channels=channels, norm=norm, expansion=expansion)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add what each position reads along the two axes, then the MLP's update."""
        normed = self.norm(x)
        leading = x.shape[:-1]
        query = self.query(normed).view(*leading, self.heads, -1)
        key = self.key(normed).view(*leading, self.key_heads, -1)
        value = self.value(normed).view(*leading, self.key_heads, -1)
        half = self.heads // 2
        inside = _along_pixels(query[..., :half, :], *self._heads_of(key, value, slice(None, half)))
        across = _along_grid(query[..., half:, :], *self._heads_of(key, value, slice(half, None)))
        x = x + self.output(torch.cat((inside, across), dim=-2).flatten(-2))
        return self.mlp(x)

    def _heads_of(self, key: torch.Tensor, value: torch.Tensor, part: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """The key and value heads of one half of the query heads; the shared one serves both halves."""
        if self.key_heads == 1:
            return key, value
        return key[..., part, :], value[..., part, :]


def _along_pixels(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attention inside each block: [B, G, P, h, d] with the blocks as independent sequences."""
    return attend(*(each.flatten(0, 1) for each in (query, key, value))).view(query.shape)


def _along_grid(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attention across blocks: the same with the pixel positions as independent sequences."""
    turned = (each.transpose(1, 2) for each in (query, key, value))
    out = attend(*(each.flatten(0, 1) for each in turned))
    batch, grid, pixels, heads, width = query.shape
    return out.view(batch, pixels, grid, heads, width).transpose(1, 2)
