"""Frozen random mixing of feature maps: across channels at every scale, and across scales from coarse to fine.

Source: Sauer et al. 2021, section 3.2: 1×1 convolutions, then 3×3 convolutions and bilinear upsampling in the form of a
U-net, Kaiming's initialisation, no activation. The scale is ours: weights have the gain of a linear layer, since no
rectifier follows, and features are multiplied by 0.1 first. Features of EfficientNet-Lite0 are then about 1 in size; at
their own, of 4 to 13, the heads tell real images from fake at once, and the generator's samples stay alike.

B images, C channels, r pixels per side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.projected.plan import ProjectedDiscriminatorPlan
from hitzoo.layers.resize import Resize

_SCALE = 0.1


class Mixing(nn.Module):
    """Maps [B, C_l, r_l, r_l], the finest first, to as many of the plan's widths.

    The weights follow from the plan's seed by NumPy's `RandomState`, whose stream never changes: they are the same on
    every machine, and in no file.
    """

    def __init__(self, plan: ProjectedDiscriminatorPlan) -> None:
        super().__init__()
        random = np.random.RandomState(plan.mixing_seed)
        self.channels, self.scales, self.enlarge = (nn.ModuleList() for _ in range(3))
        if plan.mixing == "none":
            return
        for inner, outer in zip(plan.frozen_widths, plan.widths, strict=True):
            self.channels.append(_RandomConv(inner, outer, 1, random))
        if plan.mixing == "cross_channel":
            return
        for (finer, coarser), side in zip(pairwise(plan.widths), plan.sides[1:], strict=True):
            self.scales.append(_RandomConv(coarser, finer, 3, random))
            self.enlarge.append(Resize(side, 2 * side))

    def forward(self, maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Return the mixed maps, the finest first."""
        scaled = [_SCALE * map_ for map_ in maps]
        mixed = [mix(map_) for mix, map_ in zip(self.channels, scaled, strict=True)] if self.channels else scaled
        for level in reversed(range(len(self.scales))):
            mixed[level] = mixed[level] + self.enlarge[level](self.scales[level](mixed[level + 1]))
        return mixed


class _RandomConv(nn.Module):
    """A frozen convolution that keeps the resolution, without a bias."""

    weight: torch.Tensor

    def __init__(self, inner: int, outer: int, size: int, random: np.random.RandomState) -> None:
        super().__init__()
        self.padding = size // 2
        weight = torch.empty(outer, inner, size, size)
        if weight.device.type != "meta":
            deviation = 1 / math.sqrt(inner * size**2)
            weight.copy_(torch.from_numpy(deviation * random.standard_normal(weight.shape)))
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve with zero padding."""
        return F.conv2d(x, self.weight, padding=self.padding)
