"""CIPS: an image as a function of pixel coordinates, whose weights depend on a style.

Anokhin et al., "Image Generators with Conditionally-Independent Pixel Synthesis", CVPR 2021 (arXiv 2011.13775).
Written from a description of what the published code computes; no code of it.

B batch, N pixels at hand, h×w of them, C channels, K image channels, R resolution of the image. Maps are channels-last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.cips.plan import CipsGeneratorPlan
from hitzoo.layers import build_block
from hitzoo.layers.checkpointing import CheckpointedModule, checkpointed
from hitzoo.layers.equalized_linear import SLOPE
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.keyed_noise import normal_at, stream_of
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.layers.modulated_linear import ModulatedLinear
from hitzoo.layers.position_table import axis, read_table

GAIN = math.sqrt(2)
"""Of every rectifier."""


@dataclass(frozen=True)
class Pixels:
    """`height`×`width` pixels from (`left`, `top`) of a canvas of `side`²."""

    side: int
    top: int
    left: int
    height: int
    width: int

    def axes(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Coordinates of the rows and of the columns in [−1, 1], in float64."""
        down = axis(self.side, start=self.top, length=self.height, device=device)
        return down, axis(self.side, start=self.left, length=self.width, device=device)

    def places(self, device: torch.device) -> torch.Tensor:
        """Numbers of the pixels on the canvas, row by row: [N]."""
        rows = torch.arange(self.top, self.top + self.height, device=device)
        columns = torch.arange(self.left, self.left + self.width, device=device)
        return (rows[:, None] * self.side + columns).flatten()


class CipsGenerator(nn.Module):
    """Rows to images: [B, input_width] -> [B, K, R, R]. The image is not bounded.

    In training every pixel has its own entry of the table. In evaluation the table is interpolated at the coordinates,
    as the published code does, which is not the same unless `align_corners`.
    """

    def __init__(self, plan: CipsGeneratorPlan) -> None:
        super().__init__()
        self.plan = plan
        self.mapping: MappingNetwork = build_block(plan.mapping)
        self.waves = Waves(plan.fourier_features)
        self.table = Table(plan.resolution, plan.embedding, align_corners=plan.align_corners)
        self.first = StyledLinear(plan, plan.features, plan.channels[0], number=0)
        widths = zip((plan.channels[0], *plan.channels), plan.channels, strict=False)
        self.pairs = nn.ModuleList(Pair(plan, inner, outer, index) for index, (inner, outer) in enumerate(widths))

    def pair_list(self) -> list[Pair]:
        """The pairs, with their type."""
        return cast(list[Pair], list(self.pairs))

    def forward(
        self, rows: torch.Tensor, *, return_w: bool = False
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """The images of a batch of rows, in NCHW shape and channels-last memory.

        With `return_w` also their styles [B, style_dim].
        """
        z, *keys = split_inputs(rows, self.plan.takes, next(self.parameters()).dtype)
        side = self.plan.resolution
        pixels = Pixels(side, 0, 0, side, side)
        features = self.features(pixels).flatten(0, 1)
        w = self.mapping(z)
        image = self.colours(features.expand(z.shape[0], -1, -1), w, keys[0] if keys else None, pixels)
        images = image.unflatten(1, (side, side)).permute(0, 3, 1, 2)
        return (images, w) if return_w else images

    def features(self, pixels: Pixels) -> torch.Tensor:
        """The features that pixels begin with: [h, w, C]."""
        down, right = pixels.axes(self.table.weight.device)
        table = self.table.weight if self.training else self.table(down, right)
        return torch.cat((self.waves(down, right).to(table.dtype), table), dim=-1)

    def colours(self, x: torch.Tensor, w: torch.Tensor, keys: torch.Tensor | None, pixels: Pixels) -> torch.Tensor:
        """Sum of what every pair adds to pixels: [B, N, C] and styles [B, style_dim] -> [B, N, K]."""
        x = self.first(x, w, keys, pixels)
        image: torch.Tensor | None = None
        for pair in self.pairs:
            x, image = checkpointed(pair, x, image, w, keys, pixels)
        assert image is not None, "a plan has a pair at least"
        return image


class Waves(nn.Module):
    """Sines of learned directions: rows [h] and columns [w] -> [h, w, C]. Section 3.2."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2, channels)  # of (x, y): along the width, then along the height
        nn.init.uniform_(self.linear.weight, -math.sqrt(9 / 2), math.sqrt(9 / 2))

    def forward(self, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Evaluate at every pair of coordinates."""
        weight, bias = self.linear.weight, self.linear.bias
        along_y = down.to(weight.dtype)[:, None] * weight[:, 1] + bias
        return torch.sin(along_y[:, None] + right.to(weight.dtype)[:, None] * weight[:, 0])


class Table(nn.Module):
    """A learned entry per pixel, interpolated in between: rows [h] and columns [w] -> [h, w, C]. Section 3.2."""

    def __init__(self, side: int, channels: int, *, align_corners: bool) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.weight = nn.Parameter(torch.randn(side, side, channels))

    def forward(self, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Read the table at every pair of coordinates."""
        return read_table(self.weight, down, right, align_corners=self.align_corners)


class StyledLinear(nn.Module):
    """Modulated linear layer, noise, leaky relu · √2: [B, N, C] -> [B, N, C']. `number` tells the noises apart."""

    def __init__(self, plan: CipsGeneratorPlan, inner: int, outer: int, *, number: int) -> None:
        super().__init__()
        self.number = number
        self.linear = ModulatedLinear(channels=inner, out_channels=outer, style_dim=plan.style_dim, gain=GAIN)
        self.strength = nn.Parameter(torch.zeros(())) if plan.noise else None

    def forward(self, x: torch.Tensor, w: torch.Tensor, keys: torch.Tensor | None, pixels: Pixels) -> torch.Tensor:
        """Compute the layer; the gain is in the linear layer already, since a leaky relu keeps positive factors."""
        y = self.linear(x, w)
        if self.strength is not None and keys is not None:
            noise = self.noise(keys, pixels)[..., None]
            y = y + (self.strength * GAIN * noise).to(y.dtype)
        return F.leaky_relu_(y, SLOPE)

    def noise(self, keys: torch.Tensor, pixels: Pixels) -> torch.Tensor:
        """N(0, 1) for every pixel, zeros where a key says so: [B] -> [B, N].

        In float32, or in the strength's precision where that is greater: without axes, it would make no product so.
        """
        assert self.strength is not None, "noise has a strength"
        streams = stream_of(keys, self.number)
        drawn = normal_at(streams.clamp(min=0), pixels.places(keys.device), pixels.side**2)
        drawn = drawn.to(torch.promote_types(drawn.dtype, self.strength.dtype))
        return drawn * (streams >= 0)[:, None]


class Pair(CheckpointedModule):
    """Two styled layers and their share in the image. Section 3.1, with skip connections to the colours."""

    def __init__(self, plan: CipsGeneratorPlan, inner: int, outer: int, index: int) -> None:
        super().__init__()
        self.first = StyledLinear(plan, inner, outer, number=2 * index + 1)
        self.second = StyledLinear(plan, outer, outer, number=2 * index + 2)
        self.to_rgb = ModulatedLinear(
            channels=outer, out_channels=plan.image_channels, style_dim=plan.style_dim, demodulate=False
        )

    def forward(
        self,
        x: torch.Tensor,
        image: torch.Tensor | None,
        w: torch.Tensor,
        keys: torch.Tensor | None,
        pixels: Pixels,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the map [B, N, C'] and the colours so far [B, N, K]."""
        x = self.second(self.first(x, w, keys, pixels), w, keys, pixels)
        colours = at_least_float32(self.to_rgb(x, w))
        return x, colours if image is None else image + colours
