"""One optimized stage: rows in, rows out.

B batch, N positions as they come in, N' = N or 4N as they go out, C channels, K image channels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from hitzoo.families.hit.model import HiTStage
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.fold.affine import affine_of
from hitzoo.fold.cross_attention import KeysValues, OptimizedCrossAttention, Tokens
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp import MLPToImage, OptimizedMLP, OptimizedToRGB
from hitzoo.fold.rewrites import before_depth_to_space
from hitzoo.fold.self_attention import OptimizedHeadGroups, OptimizedSelfAttention
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.norm import BatchNorm
from hitzoo.layers.self_attention import HeadGroupsBlock, SelfAttentionBlock


class OptimizedStage(nn.Module):
    """Upsampling, positions, cross-attention, blocks and image, on rows in any order the caller keeps.

    `last`: nothing follows, so only the image is computed.
    """

    def __init__(
        self, stage: HiTStage, plan: HitStagePlan, tokens: Tokens | None, kernels: Kernels, *, last: bool
    ) -> None:
        super().__init__()
        self.doubles = stage.upsample is not None
        dense = stage.upsample.linear if stage.upsample is not None else None
        self.upsample = kernels.linear(affine_of(dense)) if isinstance(dense, nn.Linear) else None
        self.cross = (
            OptimizedCrossAttention(stage.cross, tokens, plan.resolution**2, kernels)
            if stage.cross is not None and tokens is not None
            else None
        )
        blocks: list[Any] = list(stage.blocks)
        self.to_image: nn.Module | None = None
        if stage.to_rgb is not None:
            self.to_image = OptimizedToRGB(stage.to_rgb, kernels)
            if last and blocks and isinstance(blocks[-1], MLPBlock) and isinstance(stage.to_rgb.norm, BatchNorm):
                self.to_image = MLPToImage(blocks.pop(), stage.to_rgb, kernels)
        first = plan.grid_size**2 if plan.block_size else plan.resolution
        self.blocks = nn.Sequential(*(_folded(block, first, kernels) for block in blocks))

    def enter(self, x: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
        """Upsample the rows of the stage before and add positions [N', C]: [B, N, ·] -> [B, N', C]."""
        if self.doubles:
            x = before_depth_to_space(x)
        return x + position if self.upsample is None else self.upsample(x, position)

    def forward(self, x: torch.Tensor, kv: KeysValues | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The stage's rows, and their contribution to the image in float32: [B, N', C], [B, N', K]."""
        if self.cross is not None and kv is not None:
            x = self.cross(x, kv)
        x = self.blocks(x)
        if self.to_image is None:
            return x, None
        return x, at_least_float32(self.to_image(x))


def _folded(block: nn.Module, first: int, kernels: Kernels) -> nn.Module:
    if isinstance(block, MLPBlock):
        return OptimizedMLP(block, kernels)
    assert isinstance(block, SelfAttentionBlock), "a stage repeats MLP or self-attention blocks"
    if isinstance(block, HeadGroupsBlock):
        return OptimizedHeadGroups(block, first, kernels)
    return OptimizedSelfAttention(block, first, kernels)
