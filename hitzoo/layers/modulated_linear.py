"""Linear layers whose weights depend on a style, one matrix per image.

B batch, N positions, C inputs, C' outputs.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from hitzoo.layers.equalized_linear import EqualizedLinear

EPSILON = 1e-8


class ModulatedLinear(nn.Module):
    """W'·x + b per position with W' = W·s/√C and s = affine(w): [B, N, C], [B, style_dim] -> [B, N, C'].

    `demodulate` divides each row of W' by its norm. StyleGAN2 (Karras et al. 2020, equations 1 to 3) with kernels of
    1×1. `gain` multiplies the output, its bias too.
    """

    def __init__(
        self, *, channels: int, out_channels: int, style_dim: int, demodulate: bool = True, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.demodulate, self.gain = demodulate, gain
        self.weight = nn.Parameter(torch.randn(out_channels, channels))
        self.style = EqualizedLinear(style_dim, channels, bias=1.0)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def matrices(self, w: torch.Tensor) -> torch.Tensor:
        """One matrix per image: [B, style_dim] -> [B, C', C]."""
        scaled = self.weight * (self.style(w) / math.sqrt(self.weight.shape[1]))[:, None]
        if not self.demodulate:
            return scaled if self.gain == 1 else scaled * self.gain
        norms = (scaled.square().sum(dim=2, keepdim=True) + EPSILON).rsqrt()
        return scaled * (norms * self.gain)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Multiply every position of an image by the image's matrix, and add."""
        return torch.baddbmm(self.bias * self.gain, x, self.matrices(w).transpose(1, 2))
