"""The residual discriminator of StyleGAN2 without its tricks, as HiT trains against.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020; widths and options of the official
HiT code. Written from the description; no code of either project.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.stylegan2.plan import Stylegan2DiscriminatorPlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed


class Stylegan2Discriminator(nn.Module):
    """Image to logit, one residual block per halving: [B, image_channels, R, R] -> [B]; images lie in [-1, 1]."""

    def __init__(self, plan: Stylegan2DiscriminatorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.stem = build_block(plan.stem)
        self.blocks = nn.Sequential(*map(build_block, plan.blocks))
        self.head = build_block(plan.head)

    @property
    def piecewise_linear(self) -> bool:
        """True if each logit follows from its own image, linearly but for leaky rectifiers: cheaper gradients then."""
        return not self.plan.head.kwargs["minibatch_std"] and not self.san

    @property
    def san(self) -> bool:
        """True if the last layer is a direction and a scale."""
        return bool(self.plan.head.kwargs.get("san"))

    def forward(self, image: torch.Tensor, *, directions: bool = False) -> torch.Tensor:
        """One logit an image: large means real. With `directions`, for `san`, [2, B]: logits and their direction's."""
        x = self.stem(image)
        for block in self.blocks:
            x = checkpointed(block, x)
        return self.head(x, directions=directions)
