"""Spectral norm by vectors that a network keeps, as torch's older form of it has: what published weights come with.

The estimate is uᵀ·W·v of two stored vectors; every forward pass in training first brings them a step nearer to the
singular vectors. So a weight depends on how often it was used, which `spectral_conv` avoids: this form is for weights
that others trained so.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.convolution import convolution

_EPSILON = 1e-12


class SpectralWeight(nn.Module):
    """A weight divided by the estimate of its largest singular value: -> [C', …].

    Source: Miyato et al. 2018, algorithm 1, with one step per forward pass in training.
    """

    u: torch.Tensor
    v: torch.Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(*shape))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)  # torch's own for its layers
        outer = shape[0]
        self.register_buffer("u", F.normalize(torch.randn(outer), dim=0))
        self.register_buffer("v", F.normalize(torch.randn(self.weight.numel() // outer), dim=0))

    def forward(self) -> torch.Tensor:
        """Return the weight; in training the vectors move a step first."""
        matrix = self.weight.flatten(1)
        if self.training:
            with torch.no_grad():
                v = F.normalize(torch.mv(matrix.T, self.u), dim=0, eps=_EPSILON)
                self.u.copy_(F.normalize(torch.mv(matrix, v), dim=0, eps=_EPSILON))
                self.v.copy_(v)
        return self.weight / torch.dot(self.u.clone(), torch.mv(matrix, self.v.clone()))


class StoredSpectralConv(nn.Module):
    """A convolution of spectral norm about 1: [B, C, r, r] -> [B, C', r, r]; without padding where it has a stride."""

    def __init__(self, inner: int, outer: int, size: int, *, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.padding = stride, size // 2 if stride == 1 else 0
        self.spectral = SpectralWeight(outer, inner, size, size)
        self.bias = nn.Parameter(torch.zeros(outer))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve with zero padding."""
        return convolution(x, self.spectral(), self.bias, self.padding, stride=self.stride)


class StoredSpectralDense(nn.Module):
    """A linear layer of spectral norm about 1: [B, C] -> [B, C']; `biases` are added one after the other."""

    def __init__(self, inner: int, outer: int, *, biases: int = 1) -> None:
        super().__init__()
        self.spectral = SpectralWeight(outer, inner)
        self.biases = nn.ParameterList(torch.zeros(outer) for _ in range(biases))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply and add."""
        product = F.linear(x, self.spectral())
        for bias in self.biases:
            product = product + bias
        return product
