"""Projected GAN's discriminator: a frozen network's features, mixed at random, and a small head at each scale.

Source: Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021; written from the description. Each place of each
head is a logit of its own, so that the hinge of one is not paid by another. Two things are ours: the heads have no
batch norm, so that images are judged one by one; and the spectral norm is computed anew in each pass.

B batch, C channels, R resolution of the image, r of a map. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.backbones.efficientnet_lite import FrozenNetwork, build_pyramid
from hitzoo.backbones.weights import find_weights
from hitzoo.families.projected.mixing import Mixing
from hitzoo.families.projected.plan import ProjectedDiscriminatorPlan
from hitzoo.layers.conv_stem import SLOPE
from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.layers.resize import Resize
from hitzoo.layers.spectral_conv import SpectralConv


class ProjectedDiscriminator(nn.Module):
    """Image to logits by frozen features: [B, 1|3, R, R] -> [B, K], K places of four heads; images lie in [-1, 1].

    Its state dict holds the heads alone: the frozen network is found again by its hash, the mixing by its seed.
    """

    def __init__(self, plan: ProjectedDiscriminatorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.resize = Resize(plan.resolution, plan.input_size)
        self.backbone = _frozen(plan)
        self.mixing = Mixing(plan)
        self.heads = nn.ModuleList(Head(plan.layers(level)) for level in range(len(plan.widths)))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """One logit per place: large means real."""
        image = outside_autocast(self.resize, image)
        if image.shape[1] == 1:
            image = image.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        maps = self.mixing(self.backbone(image))
        return torch.cat([head(map_) for head, map_ in zip(self.heads, maps, strict=True)], dim=1)


class Head(nn.Module):
    """Spectrally normalised convolutions to one logit per place: [B, C, r, r] -> [B, places].

    Under autocast the logits themselves are computed in float32.
    """

    def __init__(self, layers: tuple[tuple[int, int, int], ...]) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(
            SpectralConv(inner, outer, 4 if stride == 2 else 3, stride=stride) for inner, outer, stride in layers
        )
        self.logit = SpectralConv(layers[-1][1], 1, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One logit per place, row by row."""
        for layer in self.hidden:
            x = F.leaky_relu(layer(x), SLOPE)
        return outside_autocast(self.logit, x).flatten(1)


def _frozen(plan: ProjectedDiscriminatorPlan) -> FrozenNetwork:
    """The frozen network, with weights unless it is built for shapes alone."""
    like = torch.empty(0)
    if like.is_meta:
        return build_pyramid(plan.backbone, None)
    return build_pyramid(plan.backbone, find_weights(plan.backbone, plan.weights).tensors).to(like.device, like.dtype)
