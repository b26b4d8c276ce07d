"""The generator's linear layer: truncated normal kernel, zero bias."""

from __future__ import annotations

import torch
from torch import nn

INITIAL_STD = 0.02


def truncated_normal_(weight: torch.Tensor) -> torch.Tensor:
    """Fill in place from N(0, 0.02²) cut at two deviations, as every kernel and position table of HiT begins."""
    return nn.init.trunc_normal_(weight, std=INITIAL_STD, a=-2 * INITIAL_STD, b=2 * INITIAL_STD)


def linear(inner: int, outer: int) -> nn.Linear:
    """A `Linear` with bias, initialised as HiT's: [..., inner] -> [..., outer]."""
    layer = nn.Linear(inner, outer)
    truncated_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
