"""The rules of the residual convolutional generator: one block per doubling from the initial map to the image.

Source: the ConvNet-R1 baseline of Zhao et al. 2021, of which the paper says no more than that it follows SAGAN (Zhang
et al. 2019); the widths are SAGAN's at 128×128.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from hitzoo.errors import Problem
from hitzoo.families.convnet.spec import ConvnetGeneratorSpec
from hitzoo.families.convnet.traffic import moved_by_convnet
from hitzoo.families.doubling import doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Latent, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.traffic import Traffic, traffic_of
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class ConvnetGeneratorPlan(PlainNetwork):
    """The whole generator: latent (B, latent_dim) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    initial: BlockPlan
    blocks: tuple[BlockPlan, ...]
    head: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent."""
        return (Latent(self.latent_dim),)

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The blocks, each with the resolution it reaches."""
        return tuple((part.name, self._initial_size << k) for k, part in enumerate(self.blocks, start=1))

    @property
    def normed(self) -> int | None:
        """Side of the first map, the smallest."""
        return self._initial_size

    def rows(self) -> tuple[Row, ...]:
        """A row per resolution, and one for the last convolution."""
        rows = [block_row(self.initial, self._initial_size, int(self.initial.kwargs["channels"]))]
        rows += [
            block_row(part, side, int(part.kwargs["out_channels"]))
            for part, (_, side) in zip(self.blocks, self.parts, strict=True)
        ]
        return (*rows, block_row(self.head, self.resolution, self.image_channels))

    def traffic(self) -> tuple[Traffic, ...]:
        """The numbers that each row moves."""
        return traffic_of(self.rows(), moved_by_convnet(self.initial, self.blocks, self.head))

    @property
    def _initial_size(self) -> int:
        return int(self.initial.kwargs["side"])


def plan_convnet(spec: ConvnetGeneratorSpec, frame: Frame, places: Places) -> ConvnetGeneratorPlan | list[Problem]:
    """Decide every module of the generator; any widths fit, and only a wanted side may not be reached."""
    problems = doubling_problems(spec, frame, places)
    if problems:
        return problems
    widths, image_channels = spec.channels, frame.channels
    return ConvnetGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        resolution=spec.sides[-1],
        image_channels=image_channels,
        initial=block(
            "initial",
            "initial_map",
            latent_dim=spec.latent_dim,
            side=spec.initial_size,
            channels=widths[0],
            glorot=True,
        ),
        blocks=tuple(
            block(f"blocks.{k}", "residual_up", in_channels=inner, out_channels=outer)
            for k, (inner, outer) in enumerate(pairwise(widths))
        ),
        head=block("head", "image_head", channels=widths[-1], image_channels=image_channels),
    )


def outline_convnet(spec: ConvnetGeneratorSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    return doubling_outline(spec, spec.sides[1:], spec.initial_size)


def ended_convnet(spec: ConvnetGeneratorSpec) -> tuple[ConvnetGeneratorSpec, ...]:
    """The section ended after each of its widths."""
    return tuple(replace(spec, channels=spec.channels[:end]) for end in range(1, len(spec.channels) + 1))
