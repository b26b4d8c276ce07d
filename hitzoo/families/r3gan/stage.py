"""A stage of R3GAN's networks: residual blocks at one resolution, and the transition to it or from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hitzoo.errors import Problem
from hitzoo.plan.cost import Shape, cost, total
from hitzoo.plan.role import Role
from hitzoo.plan.table import Row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places


class BlocksSpec(Protocol):
    """Keys of both networks' sections that describe their blocks."""

    @property
    def channels(self) -> tuple[int, ...]:
        """Widths of the stages."""

    @property
    def blocks(self) -> int:
        """Blocks of each stage."""

    @property
    def expansion(self) -> int:
        """Width inside a block, in units of the stage's."""

    @property
    def group_width(self) -> int:
        """Channels of each group."""


@dataclass(frozen=True, kw_only=True)
class R3ganStagePlan:
    """One stage: `blocks` at one resolution; a generator's transition leads to them, a discriminator's away."""

    name: str
    resolution: int
    channels: int
    transition: BlockPlan | None
    blocks: tuple[BlockPlan, ...]


def plan_blocks(name: str, spec: BlocksSpec, width: int) -> tuple[BlockPlan, ...]:
    """Decide the blocks of a stage of a network with as many stages as widths."""
    args = {
        "channels": width,
        "expansion": spec.expansion,
        "groups": spec.expansion * width // spec.group_width,
        "blocks": spec.blocks * len(spec.channels),
    }
    return tuple(block(f"{name}.blocks.{place}", "grouped_residual", **args) for place in range(spec.blocks))


def group_problems(role: Role, spec: BlocksSpec, places: Places) -> list[Problem]:
    """Widths that are no multiple of a group's."""
    found: list[Problem] = []
    for index, width in enumerate(spec.channels):
        if spec.expansion * width % spec.group_width:
            inside = f"{spec.expansion}·{width} = {spec.expansion * width}"
            message = f"groups of {spec.group_width} channels do not divide the {inside} inside a block"
            hint = f"choose multiples, or another {role}.group_width"
            found.append(places.problem((role, "channels", index), message, hint, beside=[(role, "group_width")]))
    return found


def stage_row(stage: R3ganStagePlan, side: int) -> Row:
    """The row of a stage; a transition is counted at `side`."""
    parts = [*([stage.transition] if stage.transition else []), *stage.blocks]
    return Row(
        name=stage.name,
        resolution=stage.resolution,
        channels=stage.channels,
        depth=len(stage.blocks),
        cost=total(cost(part, Shape(side=side)) for part in parts),
    )
