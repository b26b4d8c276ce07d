"""Convolutions whose kernel a style scales by input channel (weight modulation and demodulation).

B batch, C channels, r resolution. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.equalized_linear import EqualizedLinear
from hitzoo.layers.fir import Blur

EPSILON = 1e-8


class ModulatedConv(nn.Module):
    """A convolution with the kernel s_c·W, where s = linear(w): [B, C, r, r], [B, style_dim] -> [B, C', r, r].

    `demodulate` divides each image's kernel by its norm per output channel. With `up` the resolution doubles: a
    transposed convolution of stride 2, then the filter [1, 3, 3, 1].
    Source: Karras et al. 2020, section 2.2 (equations 1 and 3) and appendix B.
    Differs: the map is scaled in the place of the kernel, before and after, which is the same and needs no kernel per
    image.
    """

    def __init__(
        self, inner: int, outer: int, size: int, *, style_dim: int, up: bool = False, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outer, inner, size, size))
        self.style = EqualizedLinear(style_dim, inner, bias=1.0)
        self.gain, self.padding = 1 / math.sqrt(inner * size * size), size // 2
        self.demodulate = demodulate
        self.blur = Blur(outer, padding=1, gain=4.0) if up else None

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Return the map under the style."""
        scale, weight = self.style(w), self.weight * self.gain
        x = x * scale.to(x.dtype)[:, :, None, None]
        if self.blur is None:
            x = F.conv2d(x, weight, padding=self.padding)
        else:
            x = self.blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))
        if not self.demodulate:
            return x
        energy = F.linear(scale.square(), weight.square().sum(dim=(2, 3)))  # [B, C']
        return x * torch.rsqrt(energy + EPSILON).to(x.dtype)[:, :, None, None]
