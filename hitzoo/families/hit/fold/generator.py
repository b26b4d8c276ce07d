"""The optimized HiT generator: a head that needs whole maps, and a tail in which every pixel is independent.

B batch, K image channels, R resolution of the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.families.hit.fold.head import Head
from hitzoo.families.hit.fold.stage import OptimizedStage
from hitzoo.families.hit.fold.tail import Rows, Tail
from hitzoo.families.hit.fold.tokens import key_value_projections
from hitzoo.families.hit.model import HiTGenerator
from hitzoo.families.hit.plan import HitGeneratorPlan
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.fold.cross_attention import KeysValues
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork, PixelwiseTail
from hitzoo.fold.pixel_block import PixelBlock


@dataclass(frozen=True, eq=False)
class HeadOutput:
    """The head's map [B, s, s, C], the image so far [B, s, s, K], and the keys and values of the tail's stages."""

    x: torch.Tensor
    image: torch.Tensor | None
    keys_values: tuple[KeysValues | None, ...]

    @property
    def side(self) -> int:
        """s."""
        return self.x.shape[1]

    def rows(self, pixel_block: PixelBlock) -> Rows:
        """The rows of a pixel block."""
        down, right = (
            slice(pixel_block.top, pixel_block.top + pixel_block.height),
            slice(pixel_block.left, pixel_block.left + pixel_block.width),
        )
        image = None if self.image is None else self.image[:, down, right].flatten(1, 2)
        return Rows(self.x[:, down, right].flatten(1, 2), image, pixel_block)


class OptimizedHiT(OptimizedNetwork):
    """Latent to image as the generator it was made of, in evaluation: [B, latent_dim] -> [B, K, R, R] in float32.

    A decoder has codes [B, W, s, s] in the latent's place. Not to be trained: its weights are products of the
    generator's.
    """

    def __init__(self, generator: HiTGenerator, kernels: Kernels) -> None:
        super().__init__()
        plans, stages, tokens = generator.plan.stages, generator.stage_list(), generator.tokens
        self.plan: HitGeneratorPlan = generator.plan
        self.image_channels = generator.plan.image_channels
        self.precision = kernels.like.dtype
        self.head_depth = head_depth(generator.plan)
        folded = [
            OptimizedStage(stage, plan, tokens, kernels, last=plan is plans[-1])
            for stage, plan in zip(stages, plans, strict=True)
        ]
        cross_blocks = [stage.cross for stage in stages if stage.cross is not None]
        self.key_value_projections = None
        if tokens is not None:
            self.key_value_projections = key_value_projections(tokens, cross_blocks, kernels)
        self.head = Head(generator, folded[: self.head_depth], kernels)
        self.tail = Tail(stages[self.head_depth :], folded[self.head_depth :], kernels)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents, or of codes, in channels-last memory."""
        head_output = self.run_head(z)
        image = self.run_tail(head_output, PixelBlock(0, 0, head_output.side, head_output.side), len(self.tail.folded))
        return image.permute(0, 3, 1, 2)

    @property
    def pixelwise(self) -> PixelwiseTail | None:
        """The network itself, if there are stages after the last that mixes pixels."""
        return self if self.head_depth < len(self.plan.stages) else None

    @property
    def why_not_pixelwise(self) -> str:
        """Attention at the image's own resolution."""
        return (
            f"this model attends to its own map at {self.plan.resolution}, the resolution of the image:"
            f" no part of it can be computed alone"
        )

    @property
    def levels(self) -> dict[int, int]:
        """The resolutions of the stages that add to the image, with the number of stages each takes."""
        stages = enumerate(self.plan.stages, start=1)
        return {stage.resolution: depth for depth, stage in stages if stage.to_rgb is not None}

    def run_head(self, z: torch.Tensor, depth: int | None = None) -> HeadOutput:
        """Run the head, or its first `depth` stages for a preview."""
        z = z.to(self.precision)
        keys_values = self._keys_values(z)
        x, image = self.head(z, keys_values, self.head_depth if depth is None else depth)
        return HeadOutput(_square(x), None if image is None else _square(image), tuple(keys_values[self.head_depth :]))

    def run_tail(self, head_output: HeadOutput, pixel_block: PixelBlock, depth: int) -> torch.Tensor:
        """Run `depth` stages of the tail on a rectangle of the head's map: [B, height·2ᵏ, width·2ᵏ, K]."""
        rows = self.tail(head_output.rows(pixel_block), head_output.keys_values, depth)
        return self.tail.doubled(pixel_block, depth).map_of(rows)

    def _keys_values(self, z: torch.Tensor) -> list[KeysValues | None]:
        """Keys and values of a batch for each stage."""
        folded = [*self.head.folded, *self.tail.folded]
        found = iter(self.key_value_projections(z) if self.key_value_projections is not None else ())
        return [None if stage.cross is None else stage.cross.keys_values(*next(found)) for stage in folded]


def head_depth(plan: HitGeneratorPlan) -> int:
    """Number of stages up to the last that attends to its own map."""
    return max((index + 1 for index, stage in enumerate(plan.stages) if _mixes_pixels(stage)), default=0)


def _mixes_pixels(stage: HitStagePlan) -> bool:
    return stage.attention != "none"


def _square(rows: torch.Tensor) -> torch.Tensor:
    side = round(rows.shape[1] ** 0.5)
    return rows.unflatten(1, (side, side))
