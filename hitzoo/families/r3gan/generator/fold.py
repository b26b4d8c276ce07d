"""R3GAN's generator for inference: nothing to multiply out, but what stands for a class must not be rounded."""

from __future__ import annotations

import torch

from hitzoo.families.r3gan.generator.model import R3ganGenerator
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.fold.reference import in_precision
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.inputs import split_inputs


class OptimizedR3gan(OptimizedNetwork):
    """Rows to images as the generator it was made of: [B, input_width] -> [B, image_channels, R, R] in float32."""

    def __init__(self, generator: R3ganGenerator, kernels: Kernels) -> None:
        super().__init__()
        self.plan = generator.plan
        self.precision = kernels.like.dtype
        self.network = in_precision(generator, self.precision)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The images of a batch of rows."""
        z, *labels = split_inputs(rows, self.plan.takes)
        return at_least_float32(self.network.synthesis(z.to(self.precision), *labels))

    @property
    def why_not_pixelwise(self) -> str:
        """Every 3×3 convolution sees neighbours."""
        return "this model's convolutions mix pixels at every resolution"
