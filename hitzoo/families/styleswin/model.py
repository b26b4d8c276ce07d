"""The StyleSwin generator.

Zhang, Gu, Zhang, Bao, Chen, Wen, Wang, Guo: "StyleSwin: Transformer-based GAN for High-resolution Image Generation",
CVPR 2022 (arXiv 2112.10762). With head groups of neighborhoods it is that of Walton, Hassani, Xu, Wang, Shi: "StyleNAT:
Giving Each Head a New Perspective", 2022 (arXiv 2211.05770). Written from descriptions; no code of either project.

B batch, r resolution of a stage, C its channels, S width of the style, R resolution of the image. Maps are
channels-last.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.styleswin.plan import StyleswinGeneratorPlan, StyleswinStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.doubling import doubled
from hitzoo.layers.image_stage import ImageStage
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.layers.style_block import BilinearUpsample, ConstantMap, SkipToRGB


class StyleswinGenerator(nn.Module):
    """Latent to image through stages of doubling resolution: [B, latent_dim] -> [B, image_channels, R, R].

    The image is the sum of the stages' parts, each doubled by a low-pass; it is not bounded.
    """

    def __init__(self, plan: StyleswinGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.mapping: MappingNetwork = build_block(plan.mapping)
        self.initial: ConstantMap = build_block(plan.initial)
        self.stages = nn.ModuleList(map(StyleswinStage, plan.stages))

    def forward(self, z: torch.Tensor, *, return_w: bool = False) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """The images of a batch of latents, in NCHW shape and channels-last memory.

        With `return_w` also their styles [B, blocks, S].
        """
        w = self.mapping.at_places(z, None, self.plan.styles)
        x, first = self.initial(z), 0
        image: torch.Tensor | None = None
        for plan, stage in zip(self.plan.stages, self.stages, strict=True):
            own = slice(first, first + len(plan.blocks))
            first = own.stop
            x, image = checkpointed(stage, x, w[:, own], image)
        assert image is not None, "every stage adds to the image"
        images = image.permute(0, 3, 1, 2)
        return (images, w) if return_w else images


class StyleswinStage(CheckpointedModule, ImageStage):
    """One resolution: blocks, the way to the next resolution, and what is added to the image there, if anything."""

    def __init__(self, plan: StyleswinStagePlan) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))
        self.upsample: BilinearUpsample | None = build_block(plan.upsample) if plan.upsample else None
        self.to_rgb: SkipToRGB | None = build_block(plan.to_rgb) if plan.to_rgb else None

    def forward(
        self, x: torch.Tensor, w: torch.Tensor, image: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The map at the next stage's resolution, and the image so far at the same; `w` [B, blocks, S]."""
        for place, block in enumerate(self.blocks):
            x = block(x, w[:, place])
        if self.upsample is not None:
            x = self.upsample(x)
        if image is not None:
            image = self.enlarged(image, x.shape[1])
        return x, image if self.to_rgb is None else self.to_rgb(x, image)

    def enlarged(self, image: torch.Tensor, side: int) -> torch.Tensor:
        """Return the image before at this resolution, by the taps [1, 3, 3, 1] where it has another."""
        return image if image.shape[1] == side else doubled(image, "zero")
