"""R3GAN's generator.

Huang, Gokaslan, Kuleshov, Tompkin: "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024 (arXiv
2501.05441). Written from the paper and a description of the published networks; no code of them.

B batch, C channels, R resolution of the image. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.r3gan.generator.plan import R3ganGeneratorPlan
from hitzoo.families.r3gan.stage import R3ganStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import checkpointed
from hitzoo.layers.grouped_residual import FirUp, GatedBasis, Pointwise
from hitzoo.layers.inputs import split_inputs


class R3ganGenerator(nn.Module):
    """Rows to images through stages of doubling resolution: [B, input_width] -> [B, image_channels, R, R].

    A row is the latent, and with classes the number that stands for one. The image is not bounded, and clipped to
    [-1, 1] only where pictures are written.
    """

    def __init__(self, plan: R3ganGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.initial: GatedBasis = build_block(plan.initial)
        self.stages = nn.ModuleList(map(UpStage, plan.stages))
        self.to_image: Pointwise = build_block(plan.to_image)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The images of a batch of rows."""
        return self.synthesis(*split_inputs(rows, self.plan.takes, self.to_image.weight.dtype))

    def synthesis(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Return the images of latents [B, latent_dim], and of labels [B] where there are classes."""
        x = self.initial(z, labels)
        for stage in self.stages:
            x = stage(x)
        image: torch.Tensor = self.to_image(x)
        return image


class UpStage(nn.Module):
    """One resolution: [B, C', r/2, r/2] -> [B, C, r, r]; the first stage's map comes at r."""

    def __init__(self, plan: R3ganStagePlan) -> None:
        super().__init__()
        self.transition: FirUp | None = build_block(plan.transition) if plan.transition else None
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the stage's map."""
        if self.transition is not None:
            x = self.transition(x)
        for block in self.blocks:
            x = checkpointed(block, x)
        return x
