"""The discriminator's residual block, which halves the resolution."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.conv_stem import SLOPE
from hitzoo.layers.downsample import DOWNSAMPLERS
from hitzoo.layers.equalized import Conv
from hitzoo.layers.registry import register_block


@register_block("residual_down")
class ResidualDown(CheckpointedModule):
    """(main + skip)/√2 at half the resolution: [B, C, r, r] -> [B, C', r/2, r/2].

    main: conv3×3 - leaky relu - downsample - conv3×3 - leaky relu; skip: downsample - conv1×1 without bias.
    Source: StyleGAN2's residual discriminator (Karras et al. 2020), as in the official HiT code.
    """

    def __init__(self, *, in_channels: int, out_channels: int, downsample: str, equalized: bool) -> None:
        super().__init__()
        self.downsample = DOWNSAMPLERS[downsample](in_channels)
        self.conv1 = Conv(in_channels, in_channels, 3, equalized=equalized)
        self.conv2 = Conv(in_channels, out_channels, 3, equalized=equalized)
        self.skip = Conv(in_channels, out_channels, 1, equalized=equalized, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution."""
        main = self.downsample(F.leaky_relu(self.conv1(x), SLOPE))
        main = F.leaky_relu(self.conv2(main), SLOPE)
        return (main + self.skip(self.downsample(x))) / math.sqrt(2)
