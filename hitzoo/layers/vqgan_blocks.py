"""Blocks of VQGAN's encoder and decoder (Esser et al. 2021, after DDPM's): group norm, swish, 3×3 convolutions.

B images, C channels, r pixels per side; maps are NCHW. Convolutions are drawn as torch draws them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.registry import register_block

GROUP_NORM_EPSILON = 1e-6


def group_norm(groups: int, channels: int) -> nn.GroupNorm:
    """Build the group norm of these networks, which computes in float32 under autocast."""
    return nn.GroupNorm(groups, channels, eps=GROUP_NORM_EPSILON)


@register_block("plain_conv")
class PlainConv(nn.Module):
    """A convolution and nothing else: [B, C, r, r] -> [B, C', r, r]."""

    def __init__(self, *, in_channels: int, out_channels: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, size, padding=size // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve with zero padding."""
        return self.conv(x)


@register_block("group_norm_residual")
class GroupNormResidual(CheckpointedModule):
    """main + skip: [B, C, r, r] -> [B, C', r, r].

    main: twice group norm - swish - conv3×3; skip: as it is, or a conv1×1 where the widths differ.
    """

    def __init__(self, *, in_channels: int, out_channels: int, groups: int) -> None:
        super().__init__()
        self.norm1 = group_norm(groups, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(groups, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.skip = None if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map with the block's update."""
        main = self.conv1(F.silu(self.norm1(x)))
        main = self.conv2(F.silu(self.norm2(main)))
        return main + (x if self.skip is None else self.skip(x))


@register_block("group_norm_attention")
class GroupNormAttention(CheckpointedModule):
    """Attention of one head over all positions, added to the map: [B, C, r, r] -> [B, C, r, r]."""

    def __init__(self, *, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = group_norm(groups, channels)
        self.query, self.key, self.value, self.out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map with what each position found."""
        normed = self.norm(x)
        query, key, value = (
            part(normed).flatten(2).transpose(1, 2).unsqueeze(1) for part in (self.query, self.key, self.value)
        )
        found = F.scaled_dot_product_attention(query, key, value)  # [B, 1, r², C]
        return x + self.out(found.squeeze(1).transpose(1, 2).reshape(x.shape))


@register_block("padded_conv_down")
class PaddedConvDown(nn.Module):
    """conv3×3 with stride 2, padded by one row below and one column on the right: [B, C, 2r, 2r] -> [B, C, r, r]."""

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution."""
        return self.conv(F.pad(x, (0, 1, 0, 1)))


@register_block("conv_up")
class ConvUp(nn.Module):
    """Nearest neighbour, then conv3×3: [B, C, r, r] -> [B, C, 2r, 2r]."""

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution."""
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


@register_block("group_norm_head")
class GroupNormHead(nn.Module):
    """Group norm - swish - conv3×3: [B, C, r, r] -> [B, C', r, r]."""

    def __init__(self, *, in_channels: int, out_channels: int, groups: int) -> None:
        super().__init__()
        self.norm = group_norm(groups, in_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the network's output."""
        return self.conv(F.silu(self.norm(x)))
