"""The rules of the StyleSwin generator: blocks at a resolution, then the way to the next, and a part of the image.

Source: Zhang et al. 2022, section 3, and the published code where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.doubling import doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.families.head_groups import head_groups
from hitzoo.families.styleswin.problems import styleswin_problems
from hitzoo.families.styleswin.spec import StyleswinGeneratorSpec
from hitzoo.plan.cost import Cost, Shape, cost, total
from hitzoo.plan.counting import keeps
from hitzoo.plan.head_groups import to_words
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Latent, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Places

_MAPPING_RATE = 0.01  # multiplier of the mapping network's learning rate


@dataclass(frozen=True, kw_only=True)
class StyleswinStagePlan:
    """One stage: `upsample` leads to the next, None in the last; a part of the image may be read after it."""

    name: str
    resolution: int
    channels: int
    heads: int
    blocks: tuple[BlockPlan, ...]
    upsample: BlockPlan | None
    to_rgb: BlockPlan | None

    @property
    def reaches(self) -> int:
        """Side of the map that the stage hands on, and of the image so far."""
        return self.resolution * (2 if self.upsample else 1)


@dataclass(frozen=True, kw_only=True)
class StyleswinGeneratorPlan(PlainNetwork):
    """The whole generator: latent (B, latent_dim) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    mapping: BlockPlan
    initial: BlockPlan
    stages: tuple[StyleswinStagePlan, ...]

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
        """The stages."""
        return tuple((stage.name, stage.resolution) for stage in self.stages)

    @property
    def styles(self) -> int:
        """A style per block."""
        return sum(len(stage.blocks) for stage in self.stages)

    @property
    def returns_w(self) -> bool:
        """Its style."""
        return True

    def rows(self) -> tuple[Row, ...]:
        """A row for the mapping network, one for the learned map, then one per stage."""
        first, before = self.stages[0], (None, *self.stages)
        return (
            block_row(self.mapping, 1, int(self.mapping.kwargs["width"])),
            block_row(self.initial, first.resolution, first.channels),
            *map(_stage_row, self.stages, before),
        )


def plan_styleswin(
    spec: StyleswinGeneratorSpec, frame: Frame, places: Places
) -> StyleswinGeneratorPlan | list[Problem]:
    """Decide every module of the generator, or list everything that does not fit."""
    problems = styleswin_problems(spec, places) + doubling_problems(spec, frame, places)
    if problems:
        return problems
    return StyleswinGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        mapping=block(
            "mapping",
            "mapping_network",
            latent_dim=spec.latent_dim,
            width=spec.style_dim,
            layers=spec.mapping_layers,
            learning_rate=_MAPPING_RATE,
        ),
        initial=block("initial", "constant_map", side=spec.initial_size, channels=spec.stages[0].channels),
        stages=tuple(_plan_stage(spec, index, frame.channels) for index in range(len(spec.stages))),
    )


def outline_styleswin(spec: StyleswinGeneratorSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    return doubling_outline(spec, spec.sides, None)


def ended_styleswin(spec: StyleswinGeneratorSpec) -> tuple[StyleswinGeneratorSpec, ...]:
    """The section ended after each of its stages; the last one of each adds to the image."""
    ends = range(1, len(spec.stages) + 1)
    return tuple(
        replace(spec, stages=(*spec.stages[: end - 1], replace(spec.stages[end - 1], to_rgb=True))) for end in ends
    )


def _plan_stage(spec: StyleswinGeneratorSpec, index: int, image_channels: int) -> StyleswinStagePlan:
    stage, side, name = spec.stages[index], spec.sides[index], f"stages.{index}"
    after = spec.stages[index + 1].channels if index + 1 < len(spec.stages) else None
    upsample = None
    if after is not None:
        widths = {"in_channels": stage.channels, "out_channels": after}
        upsample = block(f"{name}.upsample", "bilinear_upsample", side=side, **widths)
    args: dict[str, Value] = {
        "channels": stage.channels,
        "side": side,
        "groups": to_words(head_groups(stage.groups_at(side), stage.head_count)),
        "style_dim": spec.style_dim,
        "expansion": spec.mlp_expansion,
    }
    if spec.conditioning != "adain":  # left out, it is no part of the identity
        args["conditioning"] = spec.conditioning
    to_rgb = None
    if stage.to_rgb:
        widths = {"channels": after or stage.channels, "image_channels": image_channels}
        to_rgb = block(f"{name}.to_rgb", "skip_to_rgb", **widths)
    return StyleswinStagePlan(
        name=name,
        resolution=side,
        channels=stage.channels,
        heads=stage.head_count,
        blocks=tuple(block(f"{name}.blocks.{place}", "style_block", **args) for place in range(stage.depth)),
        upsample=upsample,
        to_rgb=to_rgb,
    )


def _stage_row(stage: StyleswinStagePlan, before: StyleswinStagePlan | None) -> Row:
    inner, outer = Shape(side=stage.resolution), Shape(side=stage.reaches)
    kept_before, by_layer_norm = Cost(), stage.blocks[0].kwargs.get("conditioning", "adain") != "adain"
    if by_layer_norm and (before is None or before.to_rgb):  # the first norm is given what the image was
        kept_before = keeps((stage.resolution**2, -stage.channels))
    ends = [part for part in (stage.upsample, stage.to_rgb) if part is not None]
    return Row(
        name=stage.name,
        resolution=stage.resolution,
        channels=stage.channels,
        attention=str(stage.blocks[0].kwargs["groups"]),
        heads=stage.heads,
        depth=len(stage.blocks),
        to_rgb=stage.to_rgb is not None,
        cost=total([kept_before, *(cost(part, inner) for part in stage.blocks), *(cost(part, outer) for part in ends)]),
    )
