"""The discriminator's first layer, from image to map."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.equalized import Conv
from hitzoo.layers.registry import register_block

SLOPE = 0.2  # of every leaky relu in the discriminator; no √2 gain anywhere


@register_block("conv_stem")
class ConvStem(nn.Module):
    """A 3×3 convolution and leaky relu: [B, image_channels, R, R] -> [B, C, R, R]."""

    def __init__(self, *, in_channels: int, out_channels: int, equalized: bool) -> None:
        super().__init__()
        self.conv = Conv(in_channels, out_channels, 3, equalized=equalized)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the first map."""
        return F.leaky_relu(self.conv(image), SLOPE)
