"""A linear layer whose matrix a style changes by a factor of low rank, one matrix per image.

B batch, N positions, C inputs, C' outputs, k rank.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from hitzoo.layers.equalized_linear import EqualizedLinear

EPSILON = 1e-8


class FactorizedLinear(nn.Module):
    """W'·x + b with W' = W ⊙ (1 + L·R/√k), its rows of length 1: [B, N, C], [B, style_dim] -> [B, N, C'].

    L [C', k] and R [k, C] are an affine function of the style. `gain` multiplies the output, its bias too.
    Source: Skorokhodov et al. 2021, section 3.2 (factorized multiplicative modulation).
    """

    def __init__(self, *, channels: int, out_channels: int, style_dim: int, rank: int, gain: float = 1.0) -> None:
        super().__init__()
        self.rank, self.gain = rank, gain
        self.weight = nn.Parameter(torch.randn(out_channels, channels))
        self.style = EqualizedLinear(style_dim, (channels + out_channels) * rank)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def matrices(self, w: torch.Tensor) -> torch.Tensor:
        """One matrix per image: [B, style_dim] -> [B, C', C]."""
        outer, inner = self.weight.shape
        factors = self.style(w)
        left = factors[:, : outer * self.rank].unflatten(1, (outer, self.rank))
        right = factors[:, outer * self.rank :].unflatten(1, (self.rank, inner))
        changed = self.weight * (1 + left @ right / math.sqrt(self.rank))
        return changed * (self.gain / (changed.norm(dim=2, keepdim=True) + EPSILON))

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Multiply every position of an image by the image's matrix, and add."""
        return torch.baddbmm(self.bias * self.gain, x, self.matrices(w).transpose(1, 2))
