"""The generator's linear layer: truncated normal kernel, zero bias."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.onednn_linear import applies, onednn_linear

INITIAL_STD = 0.02


def truncated_normal_(weight: torch.Tensor) -> torch.Tensor:
    """Fill in place from N(0, 0.02²) cut at two deviations, as every kernel and position table of HiT begins."""
    return nn.init.trunc_normal_(weight, std=INITIAL_STD, a=-2 * INITIAL_STD, b=2 * INITIAL_STD)


class Linear(nn.Linear):
    """A linear layer, by the faster of two equal ways: [..., C] -> [..., C']."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply and add."""
        product = onednn_linear if applies(x) else F.linear
        return product(x, self.weight, self.bias)


def linear(inner: int, outer: int) -> Linear:
    """A `Linear` with bias, initialised as HiT's: [..., inner] -> [..., outer]."""
    layer = Linear(inner, outer)
    truncated_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
