"""What is left of a norm once its scale and shift are in the linear layer after it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.norm import BatchNorm


class Standardise(nn.Module):
    """Each position's channels to mean 0 and variance 1, what remains of a layer norm: [..., C] -> [..., C]."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.shape, self.epsilon = norm.normalized_shape, norm.eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The standardised map."""
        return F.layer_norm(x, list(self.shape), eps=self.epsilon)


def nothing_is_left(network: nn.Module) -> bool:
    """Whether no part of a folded network standardises any more."""
    return not any(isinstance(module, Standardise) for module in network.modules())


def rest_of(norm: BatchNorm | nn.LayerNorm) -> nn.Module:
    """Nothing of a batch norm, the standardisation of a layer norm."""
    return Standardise(norm) if isinstance(norm, nn.LayerNorm) else nn.Identity()
