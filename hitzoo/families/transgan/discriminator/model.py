"""TransGAN's discriminator: patches of several sizes, transformer blocks, and a token whose logit says real or fake.

Jiang et al. 2021 (arXiv 2102.07074). Written from a description of what the published code computes; no code of it.

B batch, r positions per side, C channels, R pixels per side. Maps are channels-last.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.transgan.discriminator.plan import TransganDiscriminatorPlan, TransganScalePlan
from hitzoo.layers import build_block
from hitzoo.layers.block_sequence import through_blocks
from hitzoo.layers.patches import PatchEmbedding, TokenHead
from hitzoo.layers.position import PositionEmbedding
from hitzoo.layers.relative_position import INITIAL_STD


class TransganDiscriminator(nn.Module):
    """Image to logit through maps of halving resolution: [B, image_channels, R, R] -> [B]; large means real."""

    def __init__(self, plan: TransganDiscriminatorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.stages = nn.ModuleList(map(TransganScale, plan.stages))
        self.head: TokenHead = build_block(plan.head)
        self._initialise()

    def forward(self, image: torch.Tensor, noise_keys: torch.Tensor | None = None) -> torch.Tensor:
        """One logit per image; with noise it has the noise of `noise_keys` [B], and none without."""
        x: torch.Tensor | None = None
        for stage in self.stages:
            x = stage(image, x, noise_keys)
        return self.head(x, noise_keys)

    def _initialise(self) -> None:
        """N(0, 0.02²) for linear layers, positions and tables, zero biases; Glorot for convolutions, as they come."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=INITIAL_STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, PositionEmbedding):
                nn.init.trunc_normal_(module.weight, std=INITIAL_STD)


class TransganScale(nn.Module):
    """One resolution: the map so far at half its resolution, patches of the image beside it, positions, blocks."""

    def __init__(self, plan: TransganScalePlan) -> None:
        super().__init__()
        self.patches: PatchEmbedding | None = build_block(plan.patches) if plan.patches else None
        self.position: PositionEmbedding = build_block(plan.position)
        self.blocks = nn.ModuleList(map(build_block, plan.blocks))

    def forward(
        self, image: torch.Tensor, x: torch.Tensor | None, noise_keys: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the stage's map: [B, K, R, R] and [B, 2r, 2r, C'] -> [B, r, r, C]."""
        found = [] if x is None else [halved(x)]
        if self.patches is not None:
            found.append(self.patches(image))
        whole = found[0] if len(found) == 1 else torch.cat(found, dim=-1)
        return through_blocks(self.blocks, self.position(whole), None, noise_keys)


def halved(x: torch.Tensor) -> torch.Tensor:
    """Average 2×2 positions: [B, 2r, 2r, C] -> [B, r, r, C]."""
    return F.avg_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
