"""TransGAN's generator.

Jiang, Chang, Wang: "TransGAN: Two Pure Transformers Can Make One Strong GAN, and That Can Scale Up", NeurIPS 2021
(arXiv 2102.07074). Written from a description of what the published code computes; no code of it.

B batch, r resolution of a stage, C its channels, T latent tokens, R resolution of the image. Maps are channels-last.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from hitzoo.families.transgan.generator.plan import TransganGeneratorPlan, TransganStagePlan
from hitzoo.layers import build_block
from hitzoo.layers.bicubic import bicubic, smooth
from hitzoo.layers.block_sequence import through_blocks
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.latent import InitialMap, LatentTokens
from hitzoo.layers.position import PositionEmbedding
from hitzoo.layers.relative_position import INITIAL_STD
from hitzoo.layers.rgb import ToRGB
from hitzoo.layers.transformer_block import TransformerBlock
from hitzoo.layers.upsample import pixel_shuffle

UPSAMPLERS = {"pixel_shuffle": pixel_shuffle, "bicubic": bicubic}
"""By the word of a plan."""


class TransganGenerator(nn.Module):
    """Rows to images through stages of doubling resolution: [B, input_width] -> [B, image_channels, R, R].

    A row is the latent, and with noise its key. The image is not bounded, and clipped to [-1, 1] only where pictures
    are written.
    """

    def __init__(self, plan: TransganGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.initial: InitialMap = build_block(plan.initial)
        self.tokens: LatentTokens | None = build_block(plan.tokens) if plan.tokens else None
        self.stages = nn.ModuleList(map(TransganStage, plan.stages))
        self.to_image: ToRGB = build_block(plan.to_image)
        self._initialise()

    def stage_list(self) -> list[TransganStage]:
        """The stages, with their type."""
        return cast(list[TransganStage], list(self.stages))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The images of a batch of rows, in NCHW shape and channels-last memory."""
        z, *keys = split_inputs(rows, self.plan.takes, next(self.parameters()).dtype)
        x = self.initial(z)
        tokens = self.tokens(z) if self.tokens is not None else None
        for stage in self.stages:
            x = stage(x, tokens, keys[0] if keys else None)
        return self.to_image(x).permute(0, 3, 1, 2)

    def _initialise(self) -> None:
        """torch's own for linear layers, N(0, 0.02²) for positions, zeros for the tokens', Glorot for the last."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
            elif isinstance(module, PositionEmbedding):
                nn.init.trunc_normal_(module.weight, std=INITIAL_STD)
        if self.tokens is not None:
            nn.init.zeros_(self.tokens.position)
        nn.init.xavier_uniform_(self.to_image.linear.weight)


class TransganStage(nn.Module):
    """One resolution: upsampling, positions, transformer blocks, and a low-pass where the plan says so."""

    def __init__(self, plan: TransganStagePlan) -> None:
        super().__init__()
        self.plan = plan
        self.position: PositionEmbedding = build_block(plan.position)
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))

    def block_list(self) -> list[TransformerBlock]:
        """The blocks, with their type."""
        return cast(list[TransformerBlock], list(self.blocks))

    def forward(
        self, x: torch.Tensor, tokens: torch.Tensor | None = None, noise_keys: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the stage's map: [B, r/2, r/2, C'] -> [B, r, r, C]; the first stage's comes at r already."""
        if self.plan.upsample:
            x = UPSAMPLERS[self.plan.upsample](x)
        x = through_blocks(self.blocks, self.position(x), tokens, noise_keys)
        return smooth(x) if self.plan.smooth else x
