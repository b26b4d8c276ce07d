"""Cross-attention from a map to the latent tokens, with its MLP.

B batch, T latent tokens, C channels of the map, C0 channels of the tokens, h heads, d = C/h.
"""

from __future__ import annotations

import torch

from hitzoo.layers.attend import attend
from hitzoo.layers.attention_block import AttentionBlock
from hitzoo.layers.registry import register_block


@register_block("cross_attention_block")
class CrossAttentionBlock(AttentionBlock):
    """Attend from every position of the map to the latent tokens, then an MLP: [B, ..., C], [B, T, C0] -> [B, ..., C].

    Only the queries are normed; the tokens are normed once, where they are made.
    Source: Zhao et al. 2021, section 3.3.
    """

    def __init__(
        self, *, channels: int, token_channels: int, heads: int, share_kv: bool, norm: str, expansion: int
    ) -> None:
        super().__init__(
            channels=channels,
            source_channels=token_channels,
            heads=heads,
            share_kv=share_kv,
            norm=norm,
            expansion=expansion,
        )

    def forward(self, x: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Add the attention of `x` to `tokens`, then the MLP's update."""
        query, key, value = self.project(self.norm(x).flatten(1, -2), tokens)
        return self.finish(x, attend(query, key, value).reshape(x.shape))
