"""Any rectangle of an image, or all of it, tile by tile.

After the last stage that attends to its own map, every pixel depends on its own ancestor alone: what is outside the
rectangle is not computed, and the image of a coarser stage is a preview that costs no more than that stage.

Differs from cutting the whole image in nothing but the order of sums inside a product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.family import LARGEST_SIDE
from hitzoo.fold.network import HeadOutput, OptimizedNetwork, PixelwiseTail
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.layers.pixel_range import to_unit
from hitzoo.plan.ports import Codes, Image
from hitzoo.runtime.float32_precision import inference_precision
from hitzoo.sampling.region import Region
from hitzoo.sampling.replayed import unwrapped
from hitzoo.spec.types import PixelRange

TILE = 1024  # pixels: an image of the paper's sizes is one tile


@dataclass(frozen=True, kw_only=True)
class View:
    """A view to render: `region` of the image of `level`² pixels (default: the whole full one), `tile` pixels per side.

    `size` spreads the image over so many pixels per side, where its network is a function of coordinates. Memory
    beyond the weights holds a tile and the finished pixels, whatever the resolution.
    """

    region: Region | None = None
    level: int | None = None
    size: int | None = None
    tile: int = TILE


class Renderer:
    """Renders parts of one image, given by its latent [1, latent_dim], or by a map of codes [1, W, s, s].

    Raises:
        RequestError: the network's last stages are not pixel-wise, or the view is not of its image.
    """

    def __init__(self, network: nn.Module, view: View, pixel_range: PixelRange = "unit") -> None:
        self.module, self.pixel_range = network, pixel_range
        self.network = _pixelwise(network) if view.size is None else _on_canvas(network, view.size, view.level)
        levels = self.network.levels
        self.level = max(levels) if view.level is None else view.level
        self.depth = _depth_of(self.level, levels)
        whole = Region(0, 0, self.level, self.level)
        self.region = whole if view.region is None else view.region.inside(self.level)
        if view.tile < 1:
            raise RequestError(f"tile {view.tile}: give a number of pixels, at least 1")
        self.tile = view.tile

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the region's pixels: (height, width, K)."""
        return self.region.height, self.region.width, self.network.image_channels

    @torch.inference_mode()  # while a tile is computed, not while the caller has it
    def tiles(self, z: torch.Tensor) -> Iterator[tuple[Region, NDArray[np.float32]]]:
        """The region's tiles as they are computed, (height, width, K) each, not clipped."""
        tail = self.depth - self.network.head_depth
        with inference_precision(z.device):
            head_output = self.network.run_head(z, min(self.depth, self.network.head_depth))
        for tile in self.region.tiles(self._tile_of(head_output)):
            with inference_precision(z.device):
                drawn = self._draw(head_output, tile, tail)
            yield tile, drawn

    def images(self, latents: torch.Tensor) -> NDArray[np.float32]:
        """The region of each latent's image: [N, latent_dim] -> (N, height, width, K), not clipped."""
        pixels = np.empty((len(latents), *self.shape), dtype=np.float32)
        for index, image in enumerate(pixels):
            for tile, drawn in self.tiles(latents[index : index + 1]):
                image[tile.within(self.region)] = drawn
        return pixels

    def _tile_of(self, head_output: HeadOutput) -> int:
        """A tile's side, a multiple of what one pixel of the head's map becomes."""
        scale = max(1, self.level // head_output.side)
        return max(1, self.tile // scale) * scale

    def _draw(self, head_output: HeadOutput, tile: Region, tail: int) -> NDArray[np.float32]:
        """Draw one tile: the pixels of the head's map that are its ancestors, taken down and cut."""
        if tail < 1:
            assert head_output.image is not None, "a level is a stage that adds to the image"
            return self._numbers(head_output.image[0][tile.within(Region(0, 0, self.level, self.level))])
        scale = self.level // head_output.side
        top, left = tile.top // scale, tile.left // scale
        height = -(-(tile.top + tile.height) // scale) - top
        width = -(-(tile.left + tile.width) // scale) - left
        drawn = self.network.run_tail(head_output, PixelBlock(top, left, height, width), tail)[0]
        return self._numbers(drawn[tile.within(Region(left * scale, top * scale, width * scale, height * scale))])

    def _numbers(self, pixels: torch.Tensor) -> NDArray[np.float32]:
        """Pixels (height, width, K) as numbers in [-1, 1]."""
        return to_unit(pixels.float(), self.pixel_range, axis=2).cpu().numpy()


def _depth_of(level: int, known: Mapping[int, int]) -> int:
    if level not in known:
        raise RequestError(f"--level {level}: there is no image at that resolution; possible: {_list(known)}")
    return known[level]


def _pixelwise(network: nn.Module) -> PixelwiseTail:
    """The network, if its last stages treat every pixel by itself."""
    network = _optimized(network)
    tail = network.pixelwise
    if tail is None:
        verb = "decode" if any(isinstance(port, Codes) for port in network.plan.takes) else "sample"
        raise RequestError(f"{network.why_not_pixelwise}; `hitzoo {verb}` makes the image")
    return tail


def _on_canvas(network: nn.Module, size: int, level: int | None) -> PixelwiseTail:
    """The network with images of another size, if it has them."""
    network = _optimized(network)
    if level is not None:
        raise RequestError(f"--level {level} and --size {size}: give one of them")
    if not 2 <= size <= LARGEST_SIDE:
        raise RequestError(f"--size {size}: give 2 to {LARGEST_SIDE} pixels")
    canvas = network.on_canvas(size)
    if canvas is None:
        side = network.plan.gives.side if isinstance(network.plan.gives, Image) else 0
        raise RequestError(
            f"--size {size}: the images of a generator of the family {network.plan.family} have a fixed size,"
            f" here {side}×{side}; one of pixel coordinates, such as cips, has any"
        )
    return canvas


def _optimized(network: nn.Module) -> OptimizedNetwork:
    network = unwrapped(network)
    assert isinstance(network, OptimizedNetwork), "what `fast` makes"
    return network


def _list(known: Mapping[int, int]) -> str:
    return ", ".join(map(str, known))
