"""Convolutions and linear layers of the discriminator, with or without an equalized learning rate.

Plain: Glorot-uniform kernel, used as it is. Equalized (Karras et al. 2018): kernel from N(0, 1), multiplied by
1/√fan_in each time it is used, so that Adam's steps are the same size relative to every kernel. Biases begin at 0.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.convolution import convolution


class Conv(nn.Module):
    """A square convolution that keeps the resolution: [B, C, r, r] -> [B, C', r, r].

    One with a `stride` has no padding: [B, C, r, r] -> [B, C', (r − size)/stride + 1, …].
    """

    def __init__(
        self, inner: int, outer: int, size: int, *, equalized: bool, bias: bool = True, stride: int = 1
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, size // 2 if stride == 1 else 0
        self.weight = nn.Parameter(torch.empty(outer, inner, size, size))
        self.bias = nn.Parameter(torch.zeros(outer)) if bias else None
        self.gain = _initialise(self.weight, equalized)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve with zero padding."""
        return convolution(x, _scaled(self.weight, self.gain), self.bias, self.padding, stride=self.stride)


class Dense(nn.Module):
    """A linear layer: [B, C] -> [B, C']."""

    def __init__(self, inner: int, outer: int, *, equalized: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outer, inner))
        self.bias = nn.Parameter(torch.zeros(outer))
        self.gain = _initialise(self.weight, equalized)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply and add."""
        return F.linear(x, _scaled(self.weight, self.gain), self.bias)


def _initialise(weight: torch.Tensor, equalized: bool) -> float:
    """Fill the kernel in place and return its gain."""
    if not equalized:
        nn.init.xavier_uniform_(weight)
        return 1.0
    nn.init.normal_(weight)
    return 1 / math.sqrt(weight[0].numel())


def _scaled(weight: torch.Tensor, gain: float) -> torch.Tensor:
    return weight if gain == 1.0 else weight * gain
