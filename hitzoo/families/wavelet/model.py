"""The wavelet discriminator of StyleSwin (Zhang et al. 2022). Written from a description; no code of the project.

B batch, R resolution of the image.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.wavelet.plan import WaveletDiscriminatorPlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed
from hitzoo.layers.downsample import BlurPool


class WaveletDiscriminator(nn.Module):
    """Image to logit, one scale after the other: [B, image_channels, R, R] -> [B]; large means real.

    Each scale is the one before, blurred and halved; its coefficients are added to the map before the block there.
    """

    def __init__(self, plan: WaveletDiscriminatorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.halve = BlurPool(plan.image_channels)
        self.inputs = nn.ModuleList(map(build_block, plan.inputs))
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))
        self.head = build_block(plan.head)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """One logit per image."""
        x = self.inputs[0](image)
        for block, scale in zip(self.blocks, self.inputs[1:], strict=True):
            image = self.halve(image)
            x = checkpointed(block, x) + scale(image)
        logits: torch.Tensor = self.head(x)
        return logits
