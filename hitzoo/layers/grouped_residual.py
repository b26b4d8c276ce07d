"""The blocks of R3GAN's networks: residual blocks of grouped convolutions without norms, and what is around them.

B batch, C channels, r resolution. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.convolution import convolution
from hitzoo.layers.downsample import BlurPool
from hitzoo.layers.fir import FirUpsample
from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.layers.registry import register_block

SLOPE = 0.2  # of every leaky relu, which has no gain
_RECTIFIED = math.sqrt(2 / (1 + SLOPE**2))
"""Gain that keeps the variance through a leaky relu (He et al. 2015)."""


class ScaledConv(nn.Module):
    """A square convolution with kernel N(0, gain²/fan_in): [B, C, r, r] -> [B, C', r, r]; gain 0 makes it zero."""

    def __init__(
        self, inner: int, outer: int, size: int = 1, *, groups: int = 1, gain: float = 1.0, bias: bool = False
    ) -> None:
        super().__init__()
        self.padding, self.groups = size // 2, groups
        self.weight = nn.Parameter(torch.randn(outer, inner // groups, size, size))
        with torch.no_grad():
            self.weight.mul_(gain / math.sqrt(self.weight[0].numel()))
        self.bias = nn.Parameter(torch.zeros(outer)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve with zero padding."""
        return convolution(x, self.weight, self.bias, self.padding, groups=self.groups)


@register_block("pointwise")
class Pointwise(ScaledConv):
    """A 1×1 convolution without bias, from an image or to one: [B, C, r, r] -> [B, C', r, r]."""

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)


@register_block("grouped_residual")
class GroupedResidual(CheckpointedModule):
    """x + conv1×1(act(grouped conv3×3(act(conv1×1(x))))), act a bias and a leaky relu: [B, C, r, r] -> [B, C, r, r].

    Inside there are `expansion`·C channels. The last convolution begins at zero, the first two with kernels scaled by
    `blocks`^(−1/4), where `blocks` counts those of the network.
    Source: Huang et al. 2024, section 3 and figure 2; Zhang et al. 2019 (Fixup) for the initialisation.
    """

    def __init__(self, *, channels: int, expansion: int, groups: int, blocks: int) -> None:
        super().__init__()
        inside, gain = expansion * channels, _RECTIFIED * blocks**-0.25
        self.conv1 = ScaledConv(channels, inside, gain=gain, bias=True)
        self.conv2 = ScaledConv(inside, inside, 3, groups=groups, gain=gain, bias=True)
        self.conv3 = ScaledConv(inside, channels, gain=0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's map."""
        inside = F.leaky_relu(self.conv2(F.leaky_relu(self.conv1(x), SLOPE)), SLOPE)
        return x + self.conv3(inside)


@register_block("fir_up")
class FirUp(nn.Module):
    """conv1×1 where the width changes, then upsampling by [1, 3, 3, 1]: [B, C, r, r] -> [B, C', 2r, 2r]."""

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = ScaledConv(in_channels, out_channels) if in_channels != out_channels else None
        self.upsample = FirUpsample(out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at twice the resolution."""
        return self.upsample(x if self.conv is None else self.conv(x))


@register_block("fir_down")
class FirDown(nn.Module):
    """Downsampling by [1, 3, 3, 1], then conv1×1 where the width changes: [B, C, r, r] -> [B, C', r/2, r/2]."""

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.downsample = BlurPool(in_channels)
        self.conv = ScaledConv(in_channels, out_channels) if in_channels != out_channels else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution."""
        x = self.downsample(x)
        return x if self.conv is None else self.conv(x)


@register_block("gated_basis")
class GatedBasis(nn.Module):
    """A learned map, each channel times a number that is linear in the latent: [B, latent_dim] -> [B, C, side, side].

    With `classes`, a learned vector of `class_dim` for each stands beside the latent.
    """

    def __init__(self, *, latent_dim: int, side: int, channels: int, classes: int = 0, class_dim: int = 0) -> None:
        super().__init__()
        width = latent_dim + (class_dim if classes else 0)
        self.basis = nn.Parameter(torch.randn(channels, side, side))
        self.linear = nn.Parameter(torch.randn(channels, width) / math.sqrt(width))
        self.classes = nn.Parameter(torch.randn(class_dim, classes) / math.sqrt(classes)) if classes else None

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Return the first map; `labels` [B] are whole numbers."""
        if self.classes is not None:
            assert labels is not None, "the generator's ports have the class"
            z = torch.cat((z, F.embedding(labels, self.classes.T).to(z.dtype)), dim=1)
        return self.basis * F.linear(z, self.linear)[:, :, None, None]


@register_block("basis_logit")
class BasisLogit(nn.Module):
    """The sum of each channel's map times a learned one, and a linear layer to a logit: [B, C, side, side] -> [B].

    With `classes`, the linear layer keeps the width, and its result is multiplied with the vector of the image's class;
    without a label, with the mean of all. Under autocast the logit is computed in float32.
    """

    def __init__(self, *, channels: int, side: int, classes: int = 0) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(channels, 1, side, side) / side)
        self.linear = nn.Parameter(torch.randn(channels if classes else 1, channels) / math.sqrt(channels))
        self.classes = nn.Parameter(torch.randn(channels, classes) / math.sqrt(classes)) if classes else None

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """One logit per image."""
        features = convolution(x, self.basis, groups=len(self.basis)).flatten(1)
        if self.classes is None:
            return outside_autocast(lambda given: F.linear(given, self.linear, None), features).squeeze(1)
        if labels is None:
            mean = self.classes.mean(dim=1, keepdim=True).T
            return outside_autocast(lambda given: self._times(given, mean), features).squeeze(1)
        own = F.embedding(labels, self.classes.T)
        return (F.linear(features, self.linear, None) * own.to(features.dtype)).sum(dim=1)

    def _times(self, features: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        return F.linear(F.linear(features, self.linear, None), direction, None)
