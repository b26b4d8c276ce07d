"""The residual discriminator of StyleGAN2 as published.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020 (arXiv 1912.04958). Written from the
paper and a description of the shapes that published code stores; no code of either.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.stylegan2_original.plan import Stylegan2OriginalPlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed


class Stylegan2OriginalDiscriminator(nn.Module):
    """Image to logit, one residual block per halving: [B, image_channels, R, R] -> [B]; images lie in [-1, 1]."""

    def __init__(self, plan: Stylegan2OriginalPlan) -> None:
        super().__init__()
        self.plan = plan
        self.stem = build_block(plan.stem)
        self.blocks = nn.Sequential(*map(build_block, plan.blocks))
        self.head = build_block(plan.head)

    @property
    def piecewise_linear(self) -> bool:
        """True if each logit follows from its own image, linearly but for leaky rectifiers: cheaper gradients then."""
        return not self.plan.head.kwargs["minibatch_std"]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """One logit per image: large means real."""
        x = self.stem(image)
        for block in self.blocks:
            x = checkpointed(block, x)
        logits: torch.Tensor = self.head(x)
        return logits
