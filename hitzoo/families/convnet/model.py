"""The residual convolutional generator that HiT is compared with (ConvNet-R1 of Zhao et al. 2021, after SAGAN).

B batch, C channels, R resolution of the image. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.convnet.plan import ConvnetGeneratorPlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed
from hitzoo.layers.latent import InitialMap
from hitzoo.layers.residual_up import ImageHead


class ConvnetGenerator(nn.Module):
    """Latent to image, one residual block per doubling: [B, latent_dim] -> [B, image_channels, R, R] in [-1, 1]."""

    def __init__(self, plan: ConvnetGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.initial: InitialMap = build_block(plan.initial)
        self.blocks = nn.Sequential(*map(build_block, plan.blocks))
        self.head: ImageHead = build_block(plan.head)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents."""
        x = self.initial(z).permute(0, 3, 1, 2)
        for block in self.blocks:
            x = checkpointed(block, x)
        return self.head(x)
