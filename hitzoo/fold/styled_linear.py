"""A linear layer under a style: the norm's scale and shift, which differ by image, go into the product.

B batch, N positions, C inputs, C' outputs, S width of the style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.fold.affine import Affine, affine_of, in_float64
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.linear import FusedLinear
from hitzoo.layers.conditioning import (
    EPSILON,
    AdaptiveInstanceNorm,
    AdaptiveLayerNorm,
    Conditioning,
    ModulatedWeights,
    SelfModulatedNorm,
    standardised,
)
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.modulated_linear import EPSILON as DEMODULATION_EPSILON

_PIECE = 1024  # positions whose squares are summed at once on a CPU: they stay in its cache


class StyledLinear(nn.Module):
    """W·norm(x, w) + b, then gelu: [B, N, C], [B, S] -> [B, N, C'].

    With the norm as s·x + t the layer is (W·s)·x + (W·t + b); of a layer norm x is what it has standardised. Where a
    map has fewer positions than making a matrix per image is worth, the map itself is scaled and shifted. `factors`
    [C'] multiply the outputs.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    factors: torch.Tensor

    def __init__(
        self,
        norm: Conditioning,
        layer: Affine,
        positions: int,
        kernels: Kernels,
        *,
        gelu: bool = False,
        factors: torch.Tensor | None = None,
    ) -> None:
        super().__init__()
        factors = torch.ones_like(layer.bias) if factors is None else factors
        layer = Affine(layer.weight * factors[:, None], layer.bias * factors)
        wide = at_least_float32(kernels.like)
        self.of_instance = isinstance(norm, AdaptiveInstanceNorm)
        self.demodulates = isinstance(norm, ModulatedWeights)
        self.silu = isinstance(norm, AdaptiveLayerNorm)
        self.style = FusedLinear(_scale_and_shift_of(norm), gelu=False, like=wide)
        self.piece = None if kernels.chunk_numel is None else _PIECE
        self.by_matrices = self.demodulates or kernels.prefers_styled_matrices(positions, len(layer.bias))
        if self.by_matrices:
            self.gelu, self.product = gelu, kernels.per_sample_linear()
            self.register_buffer("weight", layer.weight.to(wide))
            self.register_buffer("bias", layer.bias.to(wide))
            self.register_buffer("factors", factors[:, None].to(wide))
        else:
            self.linear = kernels.linear(layer, gelu=gelu)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Return the layer's output under the style."""
        scale, shift = self.style(F.silu(w) if self.silu else w)[:, None].chunk(2, dim=-1)
        if self.of_instance:
            mean, variance = moments(x, self.piece)
            scale = scale * torch.rsqrt(variance + EPSILON)
            shift = torch.addcmul(shift, mean, scale, value=-1)
        else:
            x = standardised(x)
        if not self.by_matrices:
            return self.linear(torch.addcmul(shift, x, scale).to(x.dtype))
        weight = self.weight * scale
        if self.demodulates:
            energy = (weight / self.factors).square().sum(dim=2, keepdim=True)
            weight = weight * torch.rsqrt(energy + DEMODULATION_EPSILON)
        bias = torch.addmm(self.bias, shift.squeeze(1), self.weight.T)
        return self.product(x, weight.to(x.dtype), bias.to(x.dtype), gelu=self.gelu)


def moments(x: torch.Tensor, piece: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over the positions, in float32 at least: [B, N, C] -> [B, 1, C] twice.

    With a `piece` the squares of so many positions are summed at once, and no centered map is made. A single pass over
    the map would be shorter and lose digits.
    """
    wide = at_least_float32(x[:0]).dtype
    mean = x.mean(dim=1, keepdim=True, dtype=wide)
    pieces = (x,) if piece is None else x.split(piece, dim=1)
    squares = [(part - mean).square().sum(dim=1, keepdim=True) for part in pieces]
    return mean, torch.stack(squares).sum(dim=0) / x.shape[1]


class Gate(nn.Module):
    """The factor α(w) of what a part of a block adds: [B, S] -> [B, 1, C]."""

    def __init__(self, norm: AdaptiveLayerNorm, kernels: Kernels) -> None:
        super().__init__()
        layer, width = affine_of(norm.modulation), norm.modulation.out_features // 3
        alpha = Affine(layer.weight[2 * width :], layer.bias[2 * width :])
        self.style = FusedLinear(alpha, gelu=False, like=at_least_float32(kernels.like))
        self.precision = kernels.like.dtype

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """Return the factors of each image."""
        factors: torch.Tensor = self.style(F.silu(w))
        return factors[:, None].to(self.precision)


def gate_of(norm: Conditioning, kernels: Kernels) -> Gate | None:
    """The gate of a conditioning that has one."""
    return Gate(norm, kernels) if isinstance(norm, AdaptiveLayerNorm) else None


def _scale_and_shift_of(norm: Conditioning) -> Affine:
    """The layer from a style to scale and shift, [S] -> [2C], with an added 1 in its bias.

    Raises:
        RequestError: the kind of conditioning is not known here.
    """
    match norm:
        case AdaptiveInstanceNorm():
            return Affine(in_float64(norm.style.weight) * norm.style.gain, in_float64(norm.style.bias))
        case SelfModulatedNorm() | AdaptiveLayerNorm():
            parts = 2 if isinstance(norm, SelfModulatedNorm) else 3
            layer, width = affine_of(norm.modulation), norm.modulation.out_features // parts
            bias = layer.bias[: 2 * width].clone()
            bias[:width] += 1
            return Affine(layer.weight[: 2 * width], bias)
        case ModulatedWeights():
            style = norm.modulation
            weight, bias = in_float64(style.weight) * style.gain, in_float64(style.bias) * style.bias_gain
            return Affine(torch.cat((weight, torch.zeros_like(weight))), torch.cat((bias, torch.zeros_like(bias))))
    raise RequestError(f"a conditioning {type(norm).__name__} cannot be optimized; leave --optimized out")
