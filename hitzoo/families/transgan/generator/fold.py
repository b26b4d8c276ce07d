"""TransGAN's optimized generator: projections merged, norms and the first positions folded, position biases made once.

B batch, r resolution of a stage, C its channels, R resolution of the image. Maps are channels-last.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.families.transgan.generator.model import UPSAMPLERS, TransganGenerator, TransganStage
from hitzoo.fold.affine import affine_of
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.fold.rewrites import with_positions
from hitzoo.fold.transformer import OptimizedTransformerBlock
from hitzoo.layers.bicubic import smooth
from hitzoo.layers.block_sequence import through_blocks
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.inputs import split_inputs


class OptimizedTransgan(OptimizedNetwork):
    """Rows to images as the generator it was made of: [B, input_width] -> [B, image_channels, R, R] in float32."""

    def __init__(self, generator: TransganGenerator, kernels: Kernels) -> None:
        super().__init__()
        self.plan = generator.plan
        self.ports = generator.plan.takes
        self.precision = kernels.like.dtype
        first, tokens = generator.stage_list()[0], generator.tokens
        self.shape = generator.initial.shape
        self.initial = kernels.linear(with_positions(affine_of(generator.initial.linear), first.position.weight))
        self.tokens = None
        if tokens is not None:
            self.token_shape = tokens.shape
            self.tokens = kernels.linear(with_positions(affine_of(tokens.linear), tokens.position))
        self.stages = nn.ModuleList(OptimizedTransganStage(stage, kernels) for stage in generator.stage_list())
        self.to_image = kernels.linear(affine_of(generator.to_image.linear))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The images of a batch of rows, whose keys of noise are read before they are rounded."""
        z, *keys = split_inputs(rows, self.ports)
        z = z.to(self.precision)
        x = self.initial(z).unflatten(-1, self.shape)
        tokens = self.tokens(z).unflatten(-1, self.token_shape) if self.tokens is not None else None
        for stage in self.stages:
            x = stage(x, tokens, keys[0] if keys else None)
        return at_least_float32(self.to_image(x)).permute(0, 3, 1, 2)


class OptimizedTransganStage(nn.Module):
    """One resolution; the first stage's positions are in the layer before it."""

    position: torch.Tensor | None

    def __init__(self, stage: TransganStage, kernels: Kernels) -> None:
        super().__init__()
        self.upsample, self.smooth = stage.plan.upsample, stage.plan.smooth
        position = stage.position.weight.detach().to(kernels.like) if self.upsample else None
        self.register_buffer("position", position, persistent=False)
        self.blocks = nn.ModuleList(OptimizedTransformerBlock(block, kernels) for block in stage.block_list())

    def forward(self, x: torch.Tensor, tokens: torch.Tensor | None, noise_keys: torch.Tensor | None) -> torch.Tensor:
        """Return the stage's map: [B, r/2, r/2, C'] -> [B, r, r, C]; the first stage's comes at r already."""
        if self.position is not None:
            x = UPSAMPLERS[self.upsample](x) + self.position
        x = through_blocks(self.blocks, x, tokens, noise_keys)
        return smooth(x) if self.smooth else x
