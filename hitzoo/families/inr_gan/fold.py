"""The optimized INR-GAN generator: an image's matrices are made once, and any rectangle of it is computed alone.

With nearest neighbours a pixel depends on its ancestors alone, from the first map on. Bilinear growth and deviations
over a map mix pixels; such a network computes whole images.

B batch, h×w positions at hand, C channels, K image channels, R resolution of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from hitzoo.families.inr_gan.model import GAIN, WHOLE, InrGanGenerator
from hitzoo.families.inr_gan.plan import InrGanGeneratorPlan
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork, PixelwiseTail
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.fold.reference import in_precision
from hitzoo.layers.equalized_linear import SLOPE
from hitzoo.layers.in_float32 import at_least_float32


@dataclass(frozen=True, eq=False)
class Styles:
    """The matrices of every linear layer, [B, C', C] each, by stage; `side` is that of the first map."""

    side: int
    stages: tuple[tuple[torch.Tensor, ...], ...]
    image: None = None


class OptimizedInrGan(OptimizedNetwork):
    """Latents to images as the generator it was made of: [B, latent_dim] -> [B, K, R, R] in float32."""

    def __init__(self, generator: InrGanGenerator, kernels: Kernels) -> None:
        super().__init__()
        self.plan: InrGanGeneratorPlan = generator.plan
        self.image_channels = generator.plan.image_channels
        self.precision = kernels.like.dtype
        self.network = _rounded(generator, self.precision)
        self.linear = kernels.per_sample_linear()
        self.head_depth = 0

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents, in channels-last memory."""
        return self._image(self.run_head(z), WHOLE, len(self.plan.stages)).permute(0, 3, 1, 2)

    @property
    def pixelwise(self) -> PixelwiseTail | None:
        """The network itself, unless it mixes pixels."""
        return self if self.plan.upsample == "nearest" else None

    @property
    def why_not_pixelwise(self) -> str:
        """Bilinear growth and norms."""
        return (
            "this model's maps grow bilinearly and are normed as a whole: no part of its images can be computed alone"
        )

    @property
    def levels(self) -> Mapping[int, int]:
        """The sides of the stages' maps, with the number of stages up to the last of each."""
        return {stage.resolution: depth for depth, stage in enumerate(self.plan.stages, start=1)}

    def run_head(self, z: torch.Tensor, depth: int | None = None) -> Styles:
        """Make the matrices of each image."""
        w = self.network.mapping(z).to(self.precision)
        stages = (
            (*(layer.matrices(w) for layer in stage.layer_list()), stage.to_rgb.matrices(w))
            for stage in self.network.stage_list()
        )
        return Styles(self.plan.stages[0].resolution, tuple(stages))

    def run_tail(self, head_output: Styles, pixel_block: PixelBlock, depth: int) -> torch.Tensor:
        """Run `depth` stages on a rectangle of the first map: [B, height·2ᵏ, width·2ᵏ, K]."""
        top, left = pixel_block.top, pixel_block.left
        part = slice(top, top + pixel_block.height), slice(left, left + pixel_block.width)
        return self._image(head_output, part, depth)

    def _image(self, styles: Styles, part: tuple[slice, slice], depth: int) -> torch.Tensor:
        """The image of a rectangle of the first map after the first `depth` stages."""
        down, right = part
        x: torch.Tensor | None = None
        image: torch.Tensor | None = None
        batch = styles.stages[0][0].shape[0]
        for stage, (*matrices, of_colours) in zip(
            self.network.stage_list()[:depth], styles.stages[:depth], strict=True
        ):
            if stage.plan.upsample:
                down, right = _doubled(down), _doubled(right)
            x, image = stage.enter(x, image, batch, down, right)
            shape = x.shape[1:3]
            x = x.to(self.precision).flatten(1, 2)
            for index, (layer, matrix) in enumerate(zip(stage.layer_list(), matrices, strict=True)):
                x = F.leaky_relu_(self.linear(stage.normed(x, index), matrix, layer.bias * GAIN), SLOPE)
            colours = at_least_float32(self.linear(x, of_colours, stage.to_rgb.bias)).unflatten(1, shape)
            x, image = x.unflatten(1, shape), colours if image is None else image + colours
        assert image is not None, "a level is a stage"
        return image


def _doubled(part: slice) -> slice:
    return part if part.stop is None else slice(2 * part.start, 2 * part.stop)


def _rounded(generator: InrGanGenerator, precision: torch.dtype) -> InrGanGenerator:
    """The generator itself, or a copy in another precision whose styles and coordinates are as exact as ever."""
    copied = in_precision(generator, precision)
    if copied is generator:
        return generator
    copied.mapping = generator.mapping
    for own, stage in zip(copied.stage_list(), generator.stage_list(), strict=True):
        own.coordinates = stage.coordinates
    return copied
