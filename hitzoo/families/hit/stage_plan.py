"""One stage of the HiT generator, decided."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.plan.types import BlockPlan


@dataclass(frozen=True, kw_only=True)
class HitStagePlan:
    """One stage at one resolution.

    `block_size` and `grid_size` are 0 in a stage without attention, `heads` where nothing attends.
    """

    name: str
    resolution: int
    channels: int
    heads: int
    attention: str
    block_size: int
    grid_size: int
    upsample: BlockPlan | None
    position: BlockPlan
    cross: BlockPlan | None
    blocks: tuple[BlockPlan, ...]
    to_rgb: BlockPlan | None
