"""Doubling the resolution of a channels-last map: depth to space or pixel shuffle for features, nearest for images."""

from __future__ import annotations

import torch
from einops import rearrange, repeat
from torch import nn

from hitzoo.layers.linear import linear
from hitzoo.layers.registry import register_block


def depth_to_space(x: torch.Tensor) -> torch.Tensor:
    """Split each pixel's channels among 2×2 pixels: [B, r, r, C] -> [B, 2r, 2r, C/4].

    The channels are read as (dy, dx, c), TensorFlow's order; torch's `pixel_shuffle` would read (c, dy, dx).
    """
    return rearrange(x, "b y x (dy dx c) -> b (y dy) (x dx) c", dy=2, dx=2)


def pixel_shuffle(x: torch.Tensor) -> torch.Tensor:
    """Split each pixel's channels, read as (c, dy, dx) as torch does: [B, r, r, C] -> [B, 2r, 2r, C/4]."""
    return rearrange(x, "b y x (c dy dx) -> b (y dy) (x dx) c", dy=2, dx=2)


def nearest(x: torch.Tensor) -> torch.Tensor:
    """Repeat every pixel 2×2 times: [B, r, r, C] -> [B, 2r, 2r, C]."""
    return repeat(x, "b y x c -> b (y dy) (x dx) c", dy=2, dx=2)


@register_block("upsample")
class Upsample(nn.Module):
    """Depth to space, then a linear layer where the widths differ: [B, r, r, C] -> [B, 2r, 2r, C']."""

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        same = in_channels // 4 == out_channels
        self.linear = nn.Identity() if same else linear(in_channels // 4, out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution."""
        return self.linear(depth_to_space(x))
