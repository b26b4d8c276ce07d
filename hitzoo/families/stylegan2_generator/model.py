"""StyleGAN2's generator with skip connections.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020 (arXiv 1912.04958). Written from the
paper and from a description of the shapes that published code stores; no code of either.

B batch, C channels, r resolution of a stage, R resolution of the image. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.stylegan2_generator.plan import Stylegan2GeneratorPlan, StyleStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.image_stage import ImageStage
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.layers.style_conv import LearnedMap, StyleConv, StyleRGB

Image = torch.Tensor | None


class Stylegan2Generator(nn.Module):
    """Rows to images through stages of doubling resolution: [B, input_width] -> [B, image_channels, R, R].

    A row is the latent, and with random noise or style mixing its key. The image is not bounded, and clipped to
    [-1, 1] only where pictures are written.
    """

    def __init__(self, plan: Stylegan2GeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.mapping: MappingNetwork = build_block(plan.mapping)
        self.initial: LearnedMap = build_block(plan.initial)
        self.stages = nn.ModuleList(map(StyleStage, plan.stages))

    def forward(
        self, rows: torch.Tensor, *, return_w: bool = False
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """The images of a batch of rows; with `return_w` also their styles [B, styles, style_dim]."""
        z, *keys = split_inputs(rows, self.plan.takes, next(self.parameters()).dtype)
        key = keys[0] if keys else None
        w = self.mapping.at_places(z, key, self.plan.styles)
        images = self.synthesis(w, key if self.plan.noise == "random" else None)
        return (images, w) if return_w else images

    def synthesis(self, w: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
        """Return the images of styles [B, styles, style_dim], one for each place that takes one.

        The image's layer shares its style with the convolution that follows it.
        """
        x = self.initial(w.shape[0])
        image: Image = None
        for index, stage in enumerate(self.stages):
            first = max(0, 2 * index - 1)
            x, image = checkpointed(stage, x, image, w[:, first : 2 * index + 2], keys)
        assert image is not None, "there are two stages at least"
        return image


class StyleStage(CheckpointedModule, ImageStage):
    """One resolution: [B, C', r/2, r/2] -> [B, C, r, r], and the image so far; the first stage's map comes at r."""

    image_layout = "b c h w"

    def __init__(self, plan: StyleStagePlan) -> None:
        super().__init__()
        self.up: StyleConv | None = build_block(plan.up) if plan.up else None
        self.conv: StyleConv = build_block(plan.conv)
        self.to_rgb: StyleRGB = build_block(plan.to_rgb)

    def forward(
        self, x: torch.Tensor, image: Image, w: torch.Tensor, keys: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return map and image; `w` [B, 2 or 3, style_dim] holds the styles of the blocks in order."""
        *convs, last = w.unbind(dim=1)
        if self.up is not None:
            x = self.up(x, convs[0], keys)
        x = self.conv(x, convs[-1], keys)
        return x, self.to_rgb(x, last, image)

    def enlarged(self, image: torch.Tensor, side: int) -> torch.Tensor:
        """Return the image before at the stage's resolution, by the taps [1, 3, 3, 1]."""
        return self.to_rgb.enlarged(image)
