"""Linear layers with an equalized learning rate of their own, and StyleGAN's rectifier."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

SLOPE = 0.2


class EqualizedLinear(nn.Module):
    """A linear layer whose weights are N(0, 1)/μ and multiplied by μ/√fan_in when used: [..., C] -> [..., C'].

    μ is `learning_rate`, the factor by which Adam's steps change what is used; the bias is multiplied by it too, and
    begins at `bias`.
    Source: Karras et al. 2018, section 4.1, and 2019, appendix C.
    """

    def __init__(self, inner: int, outer: int, *, learning_rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.gain, self.bias_gain = learning_rate / math.sqrt(inner), learning_rate
        self.weight = nn.Parameter(torch.randn(outer, inner) / learning_rate)
        self.bias = nn.Parameter(torch.full((outer,), float(bias)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply and add."""
        bias = self.bias if self.bias_gain == 1 else self.bias * self.bias_gain
        return F.linear(x, self.weight * self.gain, bias)


def scaled_leaky_relu(x: torch.Tensor) -> torch.Tensor:
    """Leaky relu times √2, which keeps the size of a normal input."""
    return F.leaky_relu(x, SLOPE) * math.sqrt(2)
