"""From a map to what it adds to the image."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.linear import linear
from hitzoo.layers.norm import build_norm
from hitzoo.layers.registry import register_block


@register_block("to_rgb")
class ToRGB(nn.Module):
    """Norm, then a linear layer to the image's channels, without tanh: [B, r, r, C] -> [B, r, r, image_channels]."""

    def __init__(self, *, channels: int, image_channels: int, norm: str) -> None:
        super().__init__()
        self.norm = build_norm(norm, channels)
        self.linear = linear(channels, image_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the stage's contribution to the image."""
        return self.linear(self.norm(x))
