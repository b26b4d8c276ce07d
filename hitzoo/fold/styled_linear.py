"""A linear layer after an adaptive instance norm: the norm's scale and shift go into the product, image by image.

B batch, N positions, C inputs, C' outputs, S width of the style.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.fold.affine import Affine, in_float64
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.linear import FusedLinear
from hitzoo.layers.adain import EPSILON, AdaptiveInstanceNorm
from hitzoo.layers.equalized import Dense
from hitzoo.layers.in_float32 import at_least_float32

_PIECE = 1024  # positions whose squares are summed at once on a CPU: they stay in its cache


class StyledLinear(nn.Module):
    """W·adain(x, w) + b, then gelu: [B, N, C], [B, S] -> [B, N, C'].

    With s = γ·rsqrt(var + ε) and t = β − mean·s the layer is (W·s)·x + (W·t + b). Where a map has fewer positions than
    making a matrix per image is worth, the map itself is scaled and shifted.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(
        self, norm: AdaptiveInstanceNorm, layer: Affine, positions: int, kernels: Kernels, *, gelu: bool = False
    ) -> None:
        super().__init__()
        wide = at_least_float32(kernels.like)
        self.style = FusedLinear(_affine_of(norm.style), gelu=False, like=wide)
        self.piece = None if kernels.chunk_numel is None else _PIECE
        self.by_matrices = kernels.prefers_styled_matrices(positions, len(layer.bias))
        if self.by_matrices:
            self.gelu, self.product = gelu, kernels.per_sample_linear()
            self.register_buffer("weight", layer.weight.to(wide))
            self.register_buffer("bias", layer.bias.to(wide))
        else:
            self.linear = kernels.linear(layer, gelu=gelu)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Return the layer's output under the style."""
        scale, shift = self._scale_and_shift(x, w)
        if not self.by_matrices:
            return self.linear(torch.addcmul(shift, x, scale).to(x.dtype))
        weight = (self.weight * scale).to(x.dtype)
        bias = torch.addmm(self.bias, shift.squeeze(1), self.weight.T).to(x.dtype)
        return self.product(x, weight, bias, gelu=self.gelu)

    def _scale_and_shift(self, x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return s and t, [B, 1, C] each, in float32 at least."""
        gamma, beta = self.style(w)[:, None].chunk(2, dim=-1)
        mean, variance = moments(x, self.piece)
        scale = gamma * torch.rsqrt(variance + EPSILON)
        return scale, torch.addcmul(beta, mean, scale, value=-1)


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


def _affine_of(style: Dense) -> Affine:
    return Affine(in_float64(style.weight) * style.gain, in_float64(style.bias))
