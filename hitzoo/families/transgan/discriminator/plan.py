"""The rules of the TransGAN discriminator: patches of P, 2P, 4P, … pixels join the map at one resolution after another.

Source: Jiang et al. 2021, section 3.2, and the published code where the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.family import Frame
from hitzoo.families.transgan.attention import attention_args
from hitzoo.families.transgan.discriminator.problems import discriminator_problems
from hitzoo.families.transgan.discriminator.spec import TransganDiscriminatorSpec
from hitzoo.families.transgan.rows import blocks_cost
from hitzoo.plan.cost import Cost, Shape, cost
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Logits, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class TransganScalePlan:
    """One stage at one resolution, counted in positions; without `patches` where it has no channels of its own."""

    name: str
    resolution: int
    channels: int
    patches: BlockPlan | None
    position: BlockPlan
    blocks: tuple[BlockPlan, ...]


@dataclass(frozen=True, kw_only=True)
class TransganDiscriminatorPlan(PlainNetwork):
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B,)."""

    family: str
    resolution: int
    image_channels: int
    noise: bool
    stages: tuple[TransganScalePlan, ...]
    head: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The image."""
        return (Image(self.resolution, self.image_channels),)

    @property
    def gives(self) -> Port:
        """The logits."""
        return Logits()

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The blocks of all stages."""
        return tuple((part.name, stage.resolution) for stage in self.stages for part in stage.blocks)

    def rows(self) -> tuple[Row, ...]:
        """A row per stage, and one for the head."""
        last = self.stages[-1]
        rows = map(_stage_row, self.stages, (None, *self.stages))
        return (*rows, block_row(self.head, last.resolution, last.channels))


def plan_transgan_discriminator(
    spec: TransganDiscriminatorSpec, frame: Frame, places: Places
) -> TransganDiscriminatorPlan | list[Problem]:
    """Decide every module of the discriminator, or list everything that does not fit."""
    problems = discriminator_problems(spec, frame, places)
    if problems or frame.side % (spec.patch_size << (len(spec.stages) - 1)):
        return problems
    count = sum(stage.depth + stage.global_depth for stage in spec.stages)
    return TransganDiscriminatorPlan(
        family=spec.family,
        resolution=frame.side,
        image_channels=frame.channels,
        noise=spec.noise,
        stages=tuple(_plan_stages(spec, frame)),
        head=block(
            "head",
            "token_head",
            channels=spec.stages[-1].channels,
            heads=spec.stages[-1].heads,
            norm=spec.norm,
            expansion=spec.mlp_expansion,
            **_noise(spec, count),
        ),
    )


def _plan_stages(spec: TransganDiscriminatorSpec, frame: Frame) -> Iterator[TransganScalePlan]:
    number = width = 0  # of the next block with noise; channels of the stage before
    for index, stage in enumerate(spec.stages):
        name, stride, blocks = f"stages.{index}", spec.patch_size << index, list[BlockPlan]()
        side, own = frame.side // stride, stage.channels - width
        for place in range(stage.depth + stage.global_depth):
            args = attention_args(spec, stage, side, place) | _noise(spec, number)
            blocks.append(block(f"{name}.blocks.{place}", "transformer_block", **args))
            number += 1
        sizes = {"kernel": stage.kernel or stride, "stride": stride, "channels": own}
        patches = block(f"{name}.patches", "patch_embedding", image_channels=frame.channels, **sizes)
        yield TransganScalePlan(
            name=name,
            resolution=side,
            channels=stage.channels,
            patches=patches if own else None,
            position=block(f"{name}.position", "position_embedding", side=side, channels=stage.channels),
            blocks=tuple(blocks),
        )
        width = stage.channels


def _noise(spec: TransganDiscriminatorSpec, number: int) -> dict[str, Value]:
    return {"noise": True, "number": number} if spec.noise else {}


def _stage_row(stage: TransganScalePlan, before: TransganScalePlan | None) -> Row:
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
        cost=_entering(stage, before) + blocks_cost(stage.blocks, stage.resolution),
    )


def _entering(stage: TransganScalePlan, before: TransganScalePlan | None) -> Cost:
    """Cost of patches and positions; a later stage keeps the map before it, to halve it, and the image is kept once."""
    shape = Shape(side=stage.resolution)
    position = cost(stage.position, shape)
    patches = cost(stage.patches, shape) if stage.patches else Cost()
    if before is None:
        return position + patches
    return position + replace(patches, activations=before.resolution**2 * before.channels)
