"""The convolutional generator's residual block, which doubles the resolution, and its last layer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.equalized import Conv
from hitzoo.layers.norm import BatchNorm
from hitzoo.layers.registry import register_block


@register_block("residual_up")
class ResidualUp(CheckpointedModule):
    """main + skip at twice the resolution: [B, C, r, r] -> [B, C', 2r, 2r].

    main: batch norm - relu - nearest - conv3×3 - batch norm - relu - conv3×3; skip: conv1×1 - nearest, the same as the
    other way round at a quarter of the cost. Source: SAGAN's generator (Zhang et al. 2019), without spectral norm.
    """

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = BatchNorm(in_channels)
        self.conv1 = Conv(in_channels, out_channels, 3, equalized=False)
        self.norm2 = BatchNorm(out_channels)
        self.conv2 = Conv(out_channels, out_channels, 3, equalized=False)
        self.skip = Conv(in_channels, out_channels, 1, equalized=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution."""
        main = self.conv1(_nearest(F.relu(over_channels(self.norm1, x))))
        main = self.conv2(F.relu(over_channels(self.norm2, main)))
        return main + _nearest(self.skip(x))


@register_block("image_head")
class ImageHead(nn.Module):
    """Batch norm - relu - conv3×3 - tanh: [B, C, R, R] -> [B, image_channels, R, R] in [-1, 1]."""

    def __init__(self, *, channels: int, image_channels: int) -> None:
        super().__init__()
        self.norm = BatchNorm(channels)
        self.conv = Conv(channels, image_channels, 3, equalized=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the image."""
        return torch.tanh(self.conv(F.relu(over_channels(self.norm, x))))


def over_channels(norm: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A channels-last norm on a map in NCHW; no copy where the memory is channels-last."""
    return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _nearest(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
