"""The rules of the TransGAN generator: resolutions double, widths follow from how, every noise has its number.

Source: Jiang et al. 2021, section 3, and the published code where the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.doubling import doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.families.transgan.attention import attention_args
from hitzoo.families.transgan.generator.problems import generator_problems
from hitzoo.families.transgan.generator.spec import TransganGeneratorSpec
from hitzoo.families.transgan.rows import blocks_cost
from hitzoo.plan.cost import Shape, cost
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Latent, NoiseKey, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class TransganStagePlan:
    """One stage at one resolution; `upsample` is empty in the first."""

    name: str
    resolution: int
    channels: int
    upsample: str
    position: BlockPlan
    blocks: tuple[BlockPlan, ...]
    smooth: bool


@dataclass(frozen=True, kw_only=True)
class TransganGeneratorPlan(PlainNetwork):
    """The whole generator: rows (B, input_width) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    noise: bool
    initial: BlockPlan
    tokens: BlockPlan | None
    stages: tuple[TransganStagePlan, ...]
    to_image: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent, and with noise its key."""
        return (Latent(self.latent_dim), *([NoiseKey()] if self.noise else []))

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The blocks of all stages."""
        return tuple((part.name, stage.resolution) for stage in self.stages for part in stage.blocks)

    @property
    def token_side(self) -> int:
        """Side of the square of latent tokens; 0 without any."""
        return int(self.tokens.kwargs["side"]) if self.tokens else 0

    def rows(self) -> tuple[Row, ...]:
        """A row for each way in, then one per stage, and one for the layer to the image."""
        first = self.stages[0]
        rows = [block_row(self.initial, first.resolution, first.channels)]
        if self.tokens is not None:
            rows.append(block_row(self.tokens, self.token_side, first.channels))
        rows += [_stage_row(stage, self.token_side) for stage in self.stages]
        return (*rows, block_row(self.to_image, self.resolution, self.image_channels))


def plan_transgan_generator(
    spec: TransganGeneratorSpec, frame: Frame, places: Places
) -> TransganGeneratorPlan | list[Problem]:
    """Decide every module of the generator, or list everything that does not fit."""
    problems = generator_problems(spec, places) + doubling_problems(spec, frame, places)
    if problems:
        return problems
    first, side = spec.stages[0].channels, spec.latent_tokens
    latent = {"latent_dim": spec.latent_dim, "channels": first}
    return TransganGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        noise=spec.noise,
        initial=block("initial", "initial_map", side=spec.initial_size, **latent),
        tokens=block("tokens", "latent_tokens", side=side, norm="none", **latent) if side else None,
        stages=tuple(_plan_stages(spec)),
        to_image=block(
            "to_image", "to_rgb", channels=spec.stages[-1].channels, image_channels=frame.channels, norm="none"
        ),
    )


def outline_transgan_generator(spec: TransganGeneratorSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    blocks = ([side] * (stage.depth + stage.global_depth) for stage, side in zip(spec.stages, spec.sides, strict=True))
    return doubling_outline(spec, [side for sides in blocks for side in sides], None)


def ended_transgan_generator(spec: TransganGeneratorSpec) -> tuple[TransganGeneratorSpec, ...]:
    """The section ended after each of its stages."""
    return tuple(replace(spec, stages=spec.stages[:end]) for end in range(1, len(spec.stages) + 1))


def _plan_stages(spec: TransganGeneratorSpec) -> Iterator[TransganStagePlan]:
    number = 0  # of the next block with noise
    for index, (stage, side) in enumerate(zip(spec.stages, spec.sides, strict=True)):
        name, blocks = f"stages.{index}", list[BlockPlan]()
        for place in range(stage.depth + stage.global_depth):
            args = attention_args(spec, stage, side, place) | _inputs(spec, number)
            blocks.append(block(f"{name}.blocks.{place}", "transformer_block", **args))
            number += 1
        yield TransganStagePlan(
            name=name,
            resolution=side,
            channels=stage.channels,
            upsample=stage.upsample if index else "",
            position=block(f"{name}.position", "position_embedding", side=side, channels=stage.channels),
            blocks=tuple(blocks),
            smooth=stage.smooth,
        )


def _inputs(spec: TransganGeneratorSpec, number: int) -> dict[str, Value]:
    """Arguments for inputs of a block besides its own map."""
    noise: dict[str, Value] = {"noise": True, "number": number} if spec.noise else {}
    return noise | ({"token_channels": spec.stages[0].channels} if spec.latent_tokens else {})


def _stage_row(stage: TransganStagePlan, token_side: int) -> Row:
    last = stage.blocks[0].kwargs if stage.blocks else {}
    size = int(last.get("block_size", 0))
    return Row(
        name=stage.name,
        resolution=stage.resolution,
        channels=stage.channels,
        attention=str(last.get("attention", "")),
        block_size=size,
        grid_size=stage.resolution // size if size else 0,
        heads=int(last.get("heads", 0)),
        depth=len(stage.blocks),
        cost=cost(stage.position, Shape(side=stage.resolution))
        + blocks_cost(stage.blocks, stage.resolution, token_side**2),
    )
