"""The first layers of a decoder of codes: its first map, and the tokens that every stage cross-attends to.

B batch, s side of the map of codes, W its width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.linear import linear, truncated_normal_
from hitzoo.layers.norm import build_norm
from hitzoo.layers.registry import register_block


@register_block("code_map")
class CodeMap(nn.Module):
    """A linear layer at every place of the codes: [B, W, s, s] -> [B, s, s, C]."""

    def __init__(self, *, width: int, channels: int) -> None:
        super().__init__()
        self.linear = linear(width, channels)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Map codes to the decoder's first map."""
        return self.linear(codes.permute(0, 2, 3, 1))


@register_block("code_tokens")
class CodeTokens(nn.Module):
    """Means over t×t squares of the codes as tokens with their own positions: [B, W, s, s] -> [B, t², C].

    They are normed once for all stages, as latent tokens are. Ours: the paper does not say what a VQ-HiT attends to.
    """

    def __init__(self, *, width: int, side: int, channels: int, norm: str) -> None:
        super().__init__()
        self.side = side
        self.linear = linear(width, channels)
        self.position = nn.Parameter(truncated_normal_(torch.empty(side * side, channels)))
        self.norm = build_norm(norm, channels)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Map codes to tokens."""
        pooled = F.avg_pool2d(codes, codes.shape[-1] // self.side)
        return self.norm(self.linear(pooled.flatten(2).transpose(1, 2)) + self.position)
