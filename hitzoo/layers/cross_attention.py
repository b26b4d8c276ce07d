"""Cross-attention from a map to the latent tokens, with its MLP.

B batch, T latent tokens, C channels of the map, C0 channels of the tokens, h heads, d = C/h.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.attend import attend
from hitzoo.layers.linear import linear
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.norm import build_norm
from hitzoo.layers.registry import register_block


@register_block("cross_attention_block")
class CrossAttentionBlock(nn.Module):
    """Every position of the map asks the latent tokens, then an MLP block: [B, ..., C], [B, T, C0] -> [B, ..., C].

    Only the queries are normed; the tokens were normed once, where they were made.
    Source: Zhao et al. 2021, section 3.3.
    """

    def __init__(
        self, *, channels: int, token_channels: int, heads: int, share_kv: bool, norm: str, expansion: int
    ) -> None:
        super().__init__()
        self.heads = heads
        self.key_heads = 1 if share_kv else heads
        width = channels // heads
        self.norm = build_norm(norm, channels)
        self.query = linear(channels, channels)
        self.key = linear(token_channels, self.key_heads * width)
        self.value = linear(token_channels, self.key_heads * width)
        self.output = linear(channels, channels)
        self.mlp = MLPBlock(channels=channels, norm=norm, expansion=expansion)

    def forward(self, x: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Add what the positions of `x` read from `tokens`, then the MLP's update."""
        batch, count, _ = tokens.shape
        query = self.query(self.norm(x)).view(batch, -1, self.heads, x.shape[-1] // self.heads)
        key = self.key(tokens).view(batch, count, self.key_heads, -1)
        value = self.value(tokens).view(batch, count, self.key_heads, -1)
        x = x + self.output(attend(query, key, value).reshape(x.shape))
        return self.mlp(x)
