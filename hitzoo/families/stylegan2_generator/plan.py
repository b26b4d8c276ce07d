"""The rules of StyleGAN2's generator: one stage per resolution from the learned first map to the image.

Source: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020), configuration F.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.doubling import doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.families.stylegan2_generator.spec import Stylegan2GeneratorSpec
from hitzoo.plan.cost import Shape, cost, total
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Latent, NoiseKey, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class StyleStagePlan:
    """One resolution: the convolution that reaches it, absent in the first stage, another, and the image."""

    name: str
    resolution: int
    up: BlockPlan | None
    conv: BlockPlan
    to_rgb: BlockPlan

    @property
    def blocks(self) -> tuple[BlockPlan, ...]:
        """The blocks in order."""
        return (*([self.up] if self.up else []), self.conv, self.to_rgb)


@dataclass(frozen=True, kw_only=True)
class Stylegan2GeneratorPlan(PlainNetwork):
    """The whole generator: rows (B, input_width) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    noise: str
    mapping: BlockPlan
    initial: BlockPlan
    stages: tuple[StyleStagePlan, ...]

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent, and with random noise or style mixing its key."""
        keyed = self.noise == "random" or self.mapping.kwargs.get("mixing")
        return (Latent(self.latent_dim), *([NoiseKey()] if keyed else []))

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The stages."""
        return tuple((stage.name, stage.resolution) for stage in self.stages)

    @property
    def styles(self) -> int:
        """Places that a style enters, with their own style where several are mixed."""
        return 2 * len(self.stages)

    @property
    def returns_w(self) -> bool:
        """Its style."""
        return True

    def rows(self) -> tuple[Row, ...]:
        """A row for the mapping network, the first map, and each resolution."""
        first = block_row(self.initial, self.stages[0].resolution, int(self.initial.kwargs["channels"]))
        return (block_row(self.mapping, 1, int(self.mapping.kwargs["width"])), first, *map(_stage_row, self.stages))


def plan_stylegan2_generator(
    spec: Stylegan2GeneratorSpec, frame: Frame, places: Places
) -> Stylegan2GeneratorPlan | list[Problem]:
    """Decide every module of the generator; any widths fit, and only a wanted side may not be reached."""
    problems = doubling_problems(spec, frame, places)
    if problems:
        return problems
    return Stylegan2GeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        noise=spec.noise,
        mapping=block(
            "mapping",
            "mapping_network",
            latent_dim=spec.latent_dim,
            width=spec.style_dim,
            layers=spec.mapping_layers,
            learning_rate=spec.mapping_learning_rate,
            **({"mixing": spec.style_mixing} if spec.style_mixing else {}),  # left out, it is no part of the identity
        ),
        initial=block("initial", "learned_map", side=spec.initial_size, channels=spec.channels[0]),
        stages=tuple(_plan_stages(spec, frame.channels)),
    )


def outline_stylegan2_generator(spec: Stylegan2GeneratorSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    return doubling_outline(spec, spec.sides, None)


def ended_stylegan2_generator(spec: Stylegan2GeneratorSpec) -> tuple[Stylegan2GeneratorSpec, ...]:
    """The section ended after each of its widths."""
    return tuple(replace(spec, channels=spec.channels[:end]) for end in range(1, len(spec.channels) + 1))


def _plan_stages(spec: Stylegan2GeneratorSpec, image_channels: int) -> Iterator[StyleStagePlan]:
    """Noise is numbered over all convolutions: 0 at the first resolution, then two for each."""
    inner = spec.channels[0]
    for index, (side, outer) in enumerate(zip(spec.sides, spec.channels, strict=True)):
        name = f"stages.{index}"
        more = {"style_dim": spec.style_dim, "side": side, "noise": spec.noise, "out_channels": outer}
        yield StyleStagePlan(
            name=name,
            resolution=side,
            up=block(f"{name}.up", "style_conv", in_channels=inner, up=True, number=2 * index - 1, **more)
            if index
            else None,
            conv=block(f"{name}.conv", "style_conv", in_channels=outer, number=2 * index, **more),
            to_rgb=block(
                f"{name}.to_rgb",
                "style_rgb",
                channels=outer,
                image_channels=image_channels,
                style_dim=spec.style_dim,
                skip=index > 0,
            ),
        )
        inner = outer


def _stage_row(stage: StyleStagePlan) -> Row:
    return Row(
        name=stage.name,
        resolution=stage.resolution,
        channels=int(stage.conv.kwargs["out_channels"]),
        depth=len(stage.blocks) - 1,
        to_rgb=True,
        cost=total(cost(part, Shape(side=stage.resolution)) for part in stage.blocks),
    )
