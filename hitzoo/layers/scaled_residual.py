"""The blocks of StyleGAN2's discriminator as published: every leaky relu times √2, equalized learning rates.

B batch, C channels, r resolution. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.downsample import BlurPool
from hitzoo.layers.equalized import Conv, Dense
from hitzoo.layers.equalized_linear import scaled_leaky_relu
from hitzoo.layers.fir import Blur
from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.layers.logit_head import minibatch_std
from hitzoo.layers.registry import register_block


@register_block("scaled_stem")
class ScaledStem(nn.Module):
    """A 1×1 convolution and leaky relu · √2: [B, image_channels, R, R] -> [B, C, R, R]."""

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = Conv(in_channels, out_channels, 1, equalized=True)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the first map."""
        return scaled_leaky_relu(self.conv(image))


@register_block("scaled_down")
class ScaledResidualDown(CheckpointedModule):
    """(main + skip)/√2 at half the resolution: [B, C, r, r] -> [B, C', r/2, r/2].

    main: conv3×3 - leaky relu·√2 - blur - conv3×3 of stride 2 - leaky relu·√2; skip: blur and every second pixel -
    conv1×1 without bias.
    Source: Karras et al. 2020, figure 7c (bottom) and appendix B.
    """

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = Conv(in_channels, in_channels, 3, equalized=True)
        self.blur = Blur(in_channels, padding=2)
        self.conv2 = Conv(in_channels, out_channels, 3, equalized=True, stride=2)
        self.downsample = BlurPool(in_channels)
        self.skip = Conv(in_channels, out_channels, 1, equalized=True, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution."""
        main = scaled_leaky_relu(self.conv2(self.blur(scaled_leaky_relu(self.conv1(x)))))
        return (main + self.skip(self.downsample(x))) / math.sqrt(2)


@register_block("scaled_logit")
class ScaledLogitHead(nn.Module):
    """conv3×3, flatten in (c, h, w) order, two linear layers: [B, C, side, side] -> [B].

    `minibatch_std` is the group size of the minibatch standard deviation before the convolution; 0 for none. Under
    autocast the logit itself is computed in float32.
    """

    def __init__(self, *, channels: int, side: int, minibatch_std: int) -> None:
        super().__init__()
        self.group = minibatch_std
        self.conv = Conv(channels + (1 if minibatch_std else 0), channels, 3, equalized=True)
        self.hidden = Dense(side * side * channels, channels, equalized=True)
        self.logit = Dense(channels, 1, equalized=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One logit per image."""
        if self.group:
            x = torch.cat((x, minibatch_std(x, self.group)), dim=1)
        x = scaled_leaky_relu(self.conv(x))
        x = scaled_leaky_relu(self.hidden(x.flatten(1)))
        return outside_autocast(self.logit, x).squeeze(1)
