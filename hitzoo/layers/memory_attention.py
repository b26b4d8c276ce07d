"""Attention from every position of a map to tokens made of the latent, without a norm on either side.

B batch, C channels of the map, T tokens of S channels, h heads, d = C/h.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.attend import attend
from hitzoo.layers.linear import Linear


class MemoryAttention(nn.Module):
    """Read from the tokens at every position of a map: [B, ..., C], [B, T, S] -> [B, ..., C].

    Source: TransGAN's generator for CelebA-HQ, whose code has a strength of noise here that it never uses; it counts
    among the parameters, and weights come with it.
    """

    def __init__(self, *, channels: int, token_channels: int, heads: int, noise: bool) -> None:
        super().__init__()
        self.heads = heads
        self.query = Linear(channels, channels, bias=False)
        self.key = Linear(token_channels, channels, bias=False)
        self.value = Linear(token_channels, channels, bias=False)
        self.output = Linear(channels, channels)
        self.unused_strength = nn.Parameter(torch.zeros(())) if noise else None

    def forward(self, x: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Attend to all tokens of an image."""
        query = self.query(x.flatten(1, -2)).unflatten(-1, (self.heads, -1))
        key, value = (layer(tokens).unflatten(-1, (self.heads, -1)) for layer in (self.key, self.value))
        return self.output(attend(query, key, value).flatten(-2)).view(x.shape)
