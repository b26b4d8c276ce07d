"""Adaptive instance norm: a map's channels get mean and deviation from a style.

B batch, r side of the map, C channels, S width of the style.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.equalized import Dense
from hitzoo.layers.in_float32 import at_least_float32

EPSILON = 1e-5


class AdaptiveInstanceNorm(nn.Module):
    """γ(w)·(x − mean)/√(var + 1e-5) + β(w) by image and channel: [B, r, r, C], [B, S] -> [B, r, r, C].

    γ and β are the halves of one linear layer with an equalized learning rate whose bias begins at 0; nothing adds 1 to
    γ. Statistics are those of the map itself in evaluation too, in float32 at least.
    Source: Huang and Belongie 2017, equation 8, as StyleSwin (Zhang et al. 2022) has it.
    """

    def __init__(self, *, channels: int, style_dim: int) -> None:
        super().__init__()
        self.style = Dense(style_dim, 2 * channels, equalized=True)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Normalise each channel of each image, then scale and shift it by the style."""
        gamma, beta = self.style(w)[:, None, None].chunk(2, dim=-1)
        wide = at_least_float32(x)
        centered = wide - wide.mean(dim=(1, 2), keepdim=True)  # half the time of var_mean along these axes
        variance = centered.square().mean(dim=(1, 2), keepdim=True)
        return torch.addcmul(beta, centered, gamma * torch.rsqrt(variance + EPSILON)).to(x.dtype)
