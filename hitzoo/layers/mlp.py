"""The MLP block: norm, widen, gelu, narrow, add."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.linear import linear
from hitzoo.layers.norm import LAYER_NORM_EPSILON, build_norm
from hitzoo.layers.registry import register_block


@register_block("mlp_block")
class MLPBlock(nn.Module):
    """x + W2·gelu(W1·norm(x)) at every position: [..., C] -> [..., C]; gelu is the exact one (erf).

    Source: Zhao et al. 2021, section 3.2.
    """

    def __init__(self, *, channels: int, norm: str, expansion: int, layer_epsilon: float = LAYER_NORM_EPSILON) -> None:
        super().__init__()
        self.norm = build_norm(norm, channels, layer_epsilon=layer_epsilon)
        self.widen = linear(channels, expansion * channels)
        self.narrow = linear(expansion * channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the block's update to `x`."""
        return x + self.narrow(F.gelu(self.widen(self.norm(x))))
