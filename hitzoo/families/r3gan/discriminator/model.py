"""R3GAN's discriminator.

Huang et al. 2024 (arXiv 2501.05441). Written from the paper and a description of the published networks; no code of
them.

B batch, C channels, R resolution of the image. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.r3gan.discriminator.plan import R3ganDiscriminatorPlan
from hitzoo.families.r3gan.stage import R3ganStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed
from hitzoo.layers.grouped_residual import BasisLogit, FirDown, Pointwise


class R3ganDiscriminator(nn.Module):
    """Image to logit through stages of halving resolution: [B, image_channels, R, R] -> [B]; images in [-1, 1]."""

    piecewise_linear = True
    """Each logit follows from its own image through convolutions, linear layers and leaky rectifiers alone."""

    def __init__(self, plan: R3ganDiscriminatorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.from_image: Pointwise = build_block(plan.from_image)
        self.stages = nn.ModuleList(map(DownStage, plan.stages))
        self.head: BasisLogit = build_block(plan.head)

    def forward(self, image: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """One logit per image: large means real. `labels` [B] are for a network with classes, which can do without."""
        x = self.from_image(image)
        for stage in self.stages:
            x = stage(x)
        logits: torch.Tensor = self.head(x, labels)
        return logits


class DownStage(nn.Module):
    """One resolution: [B, C, r, r] -> [B, C', r/2, r/2]; the last stage's map stays at r."""

    def __init__(self, plan: R3ganStagePlan) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))
        self.transition: FirDown | None = build_block(plan.transition) if plan.transition else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map for the next stage."""
        for block in self.blocks:
            x = checkpointed(block, x)
        return x if self.transition is None else self.transition(x)
