"""The remainder of a norm once its scale and shift are in the linear layer after it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.norm import Norm, PixelNorm


class Standardise(nn.Module):
    """Standardise each position's channels, the remainder of a layer norm: [..., C] -> [..., C]."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.shape, self.epsilon = norm.normalized_shape, norm.eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The standardised map."""
        return F.layer_norm(x, list(self.shape), eps=self.epsilon)


class WholeLayerNorm(Standardise):
    """A layer norm whose scale and shift stay, since something comes between it and the linear layer.

    They are rounded as the map is: CUDA's kernel takes both in one precision.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, norm: nn.LayerNorm, like: torch.Tensor) -> None:
        super().__init__(norm)
        self.register_buffer("weight", norm.weight.detach().to(like))
        self.register_buffer("bias", norm.bias.detach().to(like))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The standardised map, scaled and shifted."""
        return F.layer_norm(x, list(self.shape), self.weight, self.bias, self.epsilon)


def whole_norm(norm: Norm, like: torch.Tensor) -> nn.Module:
    """A norm with all it has, in the precision and on the device of `like`; batch norms, which fold, are none."""
    return WholeLayerNorm(norm, like) if isinstance(norm, nn.LayerNorm) else norm


def is_norm_free(network: nn.Module) -> bool:
    """True if no part of an optimized network standardises any more."""
    return not any(isinstance(module, Standardise | PixelNorm) for module in network.modules())


def remaining_norm(norm: Norm) -> nn.Module:
    """The identity for a batch norm, the standardisation for a layer norm, a pixel norm itself."""
    if isinstance(norm, PixelNorm):
        return norm
    return Standardise(norm) if isinstance(norm, nn.LayerNorm) else nn.Identity()
