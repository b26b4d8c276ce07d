"""The HiT generator.

Zhao, Zhang, Chen, Metaxas, Zhang: "Improved Transformer for High-Resolution GANs", NeurIPS 2021 (arXiv 2106.07631);
official code: google-research/hit-gan (Apache-2.0), whose behaviour is met where it and the paper differ.

B batch, r resolution of a stage, C its channels, T latent tokens, R resolution of the image. Maps are channels-last.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from hitzoo.families.hit.plan import HitGeneratorPlan
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.blocking import from_blocks, to_blocks
from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.code_map import CodeMap, CodeTokens
from hitzoo.layers.cross_attention import CrossAttentionBlock
from hitzoo.layers.image_stage import ImageStage
from hitzoo.layers.latent import InitialMap, LatentTokens
from hitzoo.layers.position import PositionEmbedding
from hitzoo.layers.rgb import ToRGB
from hitzoo.layers.upsample import Upsample, nearest


class HiTGenerator(nn.Module):
    """Latent to image through stages of doubling resolution: [B, latent_dim] -> [B, image_channels, R, R].

    As a decoder (VQ-HiT) it takes a map of codes [B, W, s, s] in the latent's place.

    The image is the sum of the contributions of the high-resolution stages, each upsampled by nearest neighbour; it is
    not bounded, and clipped to [-1, 1] only where pictures are written.
    """

    def __init__(self, plan: HitGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.initial: InitialMap | CodeMap = build_block(plan.initial)
        self.tokens: LatentTokens | CodeTokens | None = build_block(plan.tokens) if plan.tokens else None
        self.stages = nn.ModuleList(HiTStage(stage) for stage in plan.stages)

    def stage_list(self) -> list[HiTStage]:
        """The stages, with their type."""
        return cast(list[HiTStage], list(self.stages))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents, or of codes, in NCHW shape and channels-last memory."""
        x = self.initial(z)
        tokens = self.tokens(z) if self.tokens is not None else None
        image: torch.Tensor | None = None
        for stage in self.stages:
            x, image = checkpointed(stage, x, tokens, image)
        assert image is not None, "the last stage of every plan adds to the image"
        return image.permute(0, 3, 1, 2)


class HiTStage(CheckpointedModule, ImageStage):
    """One resolution: upsample, position, cross-attention to the latent tokens, blocks, and what goes to the image.

    Attention blocks work on the blocked map [B, g², p², C]; a stage without attention works on pixels alone.
    """

    def __init__(self, plan: HitStagePlan) -> None:
        super().__init__()
        self.block_size = plan.block_size
        self.grid_size = plan.grid_size
        self.upsample: Upsample | None = build_block(plan.upsample) if plan.upsample else None
        self.position: PositionEmbedding = build_block(plan.position)
        self.cross: CrossAttentionBlock | None = build_block(plan.cross) if plan.cross else None
        self.blocks = nn.Sequential(*map(build_block, plan.blocks))
        self.to_rgb: ToRGB | None = build_block(plan.to_rgb) if plan.to_rgb else None

    def forward(
        self, x: torch.Tensor, tokens: torch.Tensor | None, image: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The stage's map, and the image so far at the stage's resolution."""
        if self.upsample is not None:
            x = self.upsample(x)
        x = self.position(x)
        if self.block_size:
            x = to_blocks(x, self.block_size)
        if self.cross is not None:
            x = self.cross(x, tokens)
        x = self.blocks(x)
        if self.block_size:
            x = from_blocks(x, self.block_size, self.grid_size)
        if image is not None:
            image = self.enlarged(image, x.shape[1])
        if self.to_rgb is not None:
            contribution = self.to_rgb(x)
            image = contribution if image is None else image + contribution
        return x, image

    def enlarged(self, image: torch.Tensor, side: int) -> torch.Tensor:
        """Return the image before at the stage's resolution, by nearest neighbour."""
        return nearest(image)
