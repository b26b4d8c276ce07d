"""Layers on the latent vector: the first map, and the tokens that every stage cross-attends to."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.linear import linear, truncated_normal_
from hitzoo.layers.norm import build_norm
from hitzoo.layers.registry import register_block


@register_block("initial_map")
class InitialMap(nn.Module):
    """A linear layer from the latent to a map of side s: [B, latent_dim] -> [B, s, s, C].

    `glorot` initialises it Glorot-uniform, as in the convolutional generator, instead of as HiT's layers.
    """

    def __init__(self, *, latent_dim: int, side: int, channels: int, glorot: bool = False) -> None:
        super().__init__()
        self.shape = (side, side, channels)
        self.linear = linear(latent_dim, side * side * channels)
        if glorot:
            nn.init.xavier_uniform_(self.linear.weight)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map latents to the generator's first map."""
        return self.linear(z).unflatten(-1, self.shape)


@register_block("latent_tokens")
class LatentTokens(nn.Module):
    """The latent as t×t tokens with their own positions, normed once for all stages: [B, latent_dim] -> [B, t², C]."""

    def __init__(self, *, latent_dim: int, side: int, channels: int, norm: str) -> None:
        super().__init__()
        self.shape = (side * side, channels)
        self.linear = linear(latent_dim, side * side * channels)
        self.position = nn.Parameter(truncated_normal_(torch.empty(self.shape)))
        self.norm = build_norm(norm, channels)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map latents to tokens."""
        return self.norm(self.linear(z).unflatten(-1, self.shape) + self.position)
