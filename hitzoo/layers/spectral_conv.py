"""Convolutions whose weight is divided by its largest singular value (Miyato et al. 2018).

The usual form keeps a vector from one forward pass to the next, so that a weight depends on how often it was used. Here
the power iteration begins anew each time, from a fixed vector: the result follows from the weight alone, in any number
of micro-batches, processes and sessions. Six iterations fall short of the value by up to a tenth where singular
values lie close together, as in a fresh weight, and by nothing to speak of where one stands out.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.in_float32 import outside_autocast

_ITERATIONS = 6


class SpectralConv(nn.Module):
    """A convolution of spectral norm 1: [B, C, r, r] -> [B, C', r/stride, r/stride]; biases begin at 0."""

    start: torch.Tensor

    def __init__(self, inner: int, outer: int, size: int, *, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.padding = stride, (size - 1) // 2
        self.weight = nn.Parameter(torch.empty(outer, inner, size, size))
        self.bias = nn.Parameter(torch.zeros(outer))
        nn.init.xavier_uniform_(self.weight)
        self.register_buffer("start", _start(outer), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve with zero padding; the gradient passes through the norm."""
        return F.conv2d(
            x, self.weight / spectral_norm(self.weight, self.start), self.bias, stride=self.stride, padding=self.padding
        )


def spectral_norm(weight: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    """Estimate the largest singular value of a weight [C', …] seen as a matrix, from a vector [C'], in float32."""

    def estimate(weight: torch.Tensor) -> torch.Tensor:
        matrix, left = weight.flatten(1), start.to(weight.dtype)
        with torch.no_grad():
            for _ in range(_ITERATIONS):
                right = F.normalize(torch.mv(matrix.T, left), dim=0)
                left = F.normalize(torch.mv(matrix, right), dim=0)
        return left @ torch.mv(matrix, right)

    return outside_autocast(estimate, weight)


def _start(count: int) -> torch.Tensor:
    """A vector without a pattern, the same on every device."""
    return torch.sin(1 + torch.arange(count, dtype=torch.float32) ** 1.5)
