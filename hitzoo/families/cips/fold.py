"""The optimized CIPS generator: an image's matrices are made once, and its pixels in bands that fit a cache.

Every pixel is computed by itself, so any rectangle of a canvas of any size is as exact as the whole image.

B batch, N pixels at hand, h×w of them, C channels, K image channels, R resolution of the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from hitzoo.families.cips.model import GAIN, CipsGenerator, Pixels, StyledLinear
from hitzoo.families.cips.plan import CipsGeneratorPlan
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.fold.reference import in_precision
from hitzoo.layers.equalized_linear import SLOPE
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.modulated_linear import ModulatedLinear


@dataclass(frozen=True, eq=False)
class Styles:
    """Everything that the pixels of a batch's images have in common, on a canvas of `side`² pixels.

    `matrices` are of every linear layer in order, [B, C', C]; `keys` of the noise, where there is some.
    """

    side: int
    matrices: tuple[torch.Tensor, ...]
    keys: torch.Tensor | None
    image: None = None


class OptimizedCips(OptimizedNetwork):
    """Rows to images as the generator it was made of: [B, input_width] -> [B, K, R, R] in float32."""

    def __init__(self, generator: CipsGenerator, kernels: Kernels) -> None:
        super().__init__()
        self.plan: CipsGeneratorPlan = generator.plan
        self.precision = kernels.like.dtype
        self.network = _rounded(generator, self.precision)
        self.linear = kernels.per_sample_linear()
        self.chunk_numel = kernels.chunk_numel

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The images of a batch of rows, in channels-last memory."""
        side = self.plan.resolution
        return self.pixels_of(self.styles(rows, side), Pixels(side, 0, 0, side, side)).permute(0, 3, 1, 2)

    @property
    def pixelwise(self) -> CipsCanvas:
        """The canvas that the network was trained on."""
        return CipsCanvas(self, self.plan.resolution)

    def on_canvas(self, side: int) -> CipsCanvas:
        """Spread the same image over side² pixels: the first and the last keep their coordinates."""
        return CipsCanvas(self, side)

    def styles(self, rows: torch.Tensor, side: int) -> Styles:
        """The matrices of each image."""
        z, *keys = split_inputs(rows, self.plan.takes)
        w = self.network.mapping(z).to(self.precision)
        return Styles(side, tuple(layer.matrices(w) for layer in self._linears()), keys[0] if keys else None)

    def pixels_of(self, styles: Styles, pixels: Pixels) -> torch.Tensor:
        """Compute a rectangle of a canvas: [B, h, w, K] in float32."""
        bands = [self._band(styles, band) for band in self._bands(pixels)]
        return torch.cat(bands, dim=1) if len(bands) > 1 else bands[0]

    def _bands(self, pixels: Pixels) -> Iterator[Pixels]:
        """Cut a rectangle into bands of rows, all of it at once where the kernels want no chunks."""
        widest = max(self.plan.features, *self.plan.channels)
        most = pixels.height if self.chunk_numel is None else max(1, self.chunk_numel // widest // pixels.width)
        for top in range(pixels.top, pixels.top + pixels.height, most):
            height = min(most, pixels.top + pixels.height - top)
            yield Pixels(pixels.side, top, pixels.left, height, pixels.width)

    def _band(self, styles: Styles, pixels: Pixels) -> torch.Tensor:
        features = self.network.features(pixels).flatten(0, 1)
        matrices = iter(styles.matrices)
        x = features.expand(styles.matrices[0].shape[0], -1, -1)
        x = self._styled(self.network.first, next(matrices), x, styles, pixels)
        image: torch.Tensor | None = None
        for pair in self.network.pair_list():
            x = self._styled(pair.first, next(matrices), x, styles, pixels)
            x = self._styled(pair.second, next(matrices), x, styles, pixels)
            colours = at_least_float32(self.linear(x, next(matrices), pair.to_rgb.bias))
            image = colours if image is None else image + colours
        assert image is not None, "a plan has a pair at least"
        return image.unflatten(1, (pixels.height, pixels.width))

    def _styled(
        self, layer: StyledLinear, matrix: torch.Tensor, x: torch.Tensor, styles: Styles, pixels: Pixels
    ) -> torch.Tensor:
        y = self.linear(x, matrix, layer.linear.bias * GAIN)
        if layer.strength is not None and styles.keys is not None:
            noise = layer.noise(styles.keys, pixels)[..., None]
            y = y + (layer.strength * GAIN * noise).to(y.dtype)
        return F.leaky_relu_(y, SLOPE)

    def _linears(self) -> Iterator[ModulatedLinear]:
        yield self.network.first.linear
        for pair in self.network.pair_list():
            yield from (pair.first.linear, pair.second.linear, pair.to_rgb)


class CipsCanvas:
    """A network's images on a canvas of `side`² pixels, of which any rectangle can be computed alone."""

    def __init__(self, network: OptimizedCips, side: int) -> None:
        self.network, self.side = network, side
        self.image_channels = network.plan.image_channels
        self.head_depth = 0

    @property
    def levels(self) -> Mapping[int, int]:
        """The canvas itself; coarser ones are canvases of their own."""
        return {self.side: 1}

    def run_head(self, z: torch.Tensor, depth: int | None = None) -> Styles:
        """Make the matrices of each image."""
        return self.network.styles(z, self.side)

    def run_tail(self, head_output: Styles, pixel_block: PixelBlock, depth: int) -> torch.Tensor:
        """Compute a rectangle: [B, height, width, K]."""
        block = pixel_block
        return self.network.pixels_of(head_output, Pixels(self.side, block.top, block.left, block.height, block.width))


def _rounded(generator: CipsGenerator, precision: torch.dtype) -> CipsGenerator:
    """The generator itself, or a copy in another precision whose styles and coordinates are as exact as ever."""
    copied = in_precision(generator, precision)
    if copied is generator:
        return generator
    copied.mapping, copied.waves = generator.mapping, generator.waves
    return copied
