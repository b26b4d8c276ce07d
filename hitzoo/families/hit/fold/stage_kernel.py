"""An optimized pixel-wise stage as a single Triton kernel.

B batch, n positions as they come in, C channels, K image channels, h heads, T latent tokens.
"""

from __future__ import annotations

import torch

from hitzoo.families.hit.fold.stage import OptimizedStage
from hitzoo.fold.cross_attention import KeysValues
from hitzoo.fold.gradient import needs_gradient
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.mlp import MLPToImage, OptimizedMLP, OptimizedToRGB
from hitzoo.fold.norm import is_norm_free
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.fold.positions import Positions
from hitzoo.fold.triton.attempts import run_or_none
from hitzoo.fold.triton.disabled import disabled_kernels
from hitzoo.fold.triton.stage import pixel_stage
from hitzoo.fold.triton.support import supports_stage
from hitzoo.fold.triton.weights import ImageWeights, LatentAttention, MLPWeights, StageWeights


class StageKernel:
    """One launch for upsampling, positions, attention to the tokens, MLPs and image."""

    def __init__(self, stage: OptimizedStage, table: torch.Tensor, kernels: Kernels) -> None:
        self.stage, self.gelu = stage, kernels.gelu
        self.positions = Positions(table, kernels, plus=None if stage.upsample is None else stage.upsample.bias)
        self.mlps, self.image = _mlps(stage), _image(stage)

    @staticmethod
    def applies_to(stage: OptimizedStage) -> bool:
        """True if the kernel implements all of a stage: doubling, attention by matrices, MLPs behind batch norms."""
        by_matrices = stage.cross is None or stage.cross.by_matrices
        pixelwise = all(isinstance(block, OptimizedMLP) for block in stage.blocks)
        return stage.doubles and by_matrices and pixelwise and is_norm_free(stage) and len(_widened(stage)) > 0

    def supports(self, x: torch.Tensor) -> bool:
        """True if there is a kernel for the stage's sizes on the device of [B, n, C_in]."""
        _, hidden, channels = self.mlps.widen.shape
        cross = self.stage.cross
        heads, tokens = (cross.heads, cross.tokens) if cross is not None else (1, 0)
        outputs = 1 if self.image is None else len(self.image.weight)
        return (
            not needs_gradient(x)
            and supports_stage(x, channels, hidden, heads, tokens, outputs)
            and "stage" not in disabled_kernels(x.device)
        )

    def __call__(
        self, x: torch.Tensor, image: torch.Tensor | None, pixel_block: PixelBlock, kv: KeysValues | None
    ) -> tuple[torch.Tensor | None, torch.Tensor | None] | None:
        """Run the stage on `pixel_block`: its rows, if still needed, and the image: [B, 4n, C], [B, 4n, K].

        None where the kernel cannot be built.
        """
        attention = None
        if self.stage.cross is not None and kv is not None:
            score, bias, read_out = (each.contiguous() for each in kv)
            attention = LatentAttention(score=score, score_bias=bias, read_out=read_out)
        before = None if image is None or self.image is None else image.contiguous()
        weights = self._weights(pixel_block)
        return run_or_none(lambda: pixel_stage(x, weights, attention=attention, image_before=before, gelu=self.gelu))

    def _weights(self, pixel_block: PixelBlock) -> StageWeights:
        """The stage's weights, with the positions of these rows."""
        up, cross = self.stage.upsample, self.stage.cross
        return StageWeights(
            position=self.positions.of(pixel_block),
            mlps=self.mlps,
            up=None if up is None else up.weight,
            heads=1 if cross is None else cross.heads,
            output_bias=None if cross is None else cross.output_bias,
            image=self.image,
        )


def _mlps(stage: OptimizedStage) -> MLPWeights:
    wide, whole = _widened(stage), _whole(stage)
    channels, hidden = wide[0].widen.weight.shape[1], len(wide[0].widen.bias)
    like = wide[0].widen.weight
    return MLPWeights(
        widen=torch.stack([mlp.widen.weight for mlp in wide]),
        widen_bias=torch.stack([mlp.widen.bias for mlp in wide]),
        narrow=torch.stack([mlp.narrow.weight for mlp in whole]) if whole else like.new_empty(0, channels, hidden),
        narrow_bias=torch.stack([mlp.narrow.bias for mlp in whole]) if whole else like.new_empty(0, channels),
    )


def _whole(stage: OptimizedStage) -> list[OptimizedMLP]:
    """The MLPs whose output is a map."""
    crossing = [] if stage.cross is None else [stage.cross.mlp]
    return [*crossing, *(block for block in stage.blocks if isinstance(block, OptimizedMLP))]


def _widened(stage: OptimizedStage) -> list[OptimizedMLP | MLPToImage]:
    """All MLPs, including the one that ends in the image."""
    last = [stage.to_image] if isinstance(stage.to_image, MLPToImage) else []
    return [*_whole(stage), *last]


def _image(stage: OptimizedStage) -> ImageWeights | None:
    head = stage.to_image
    if isinstance(head, MLPToImage):
        return ImageWeights(weight=head.skip.weight, bias=head.narrow.bias, collapsed=head.narrow.weight)
    if isinstance(head, OptimizedToRGB):
        return ImageWeights(weight=head.linear.weight, bias=head.linear.bias)
    return None
