"""The HiT generator as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.plan.cost import Shape, cost, total
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan


def hit_rows(initial: BlockPlan, tokens: BlockPlan | None, stages: Sequence[HitStagePlan]) -> tuple[Row, ...]:
    """The generator from the latent to the image."""
    first, side = stages[0], token_side(tokens)
    rows = [block_row(initial, first.resolution, first.channels)]
    if tokens is not None:
        rows.append(block_row(tokens, side, first.channels))
    return (*rows, *(_stage_row(stage, side**2) for stage in stages))


def token_side(tokens: BlockPlan | None) -> int:
    """Side of the square of latent tokens; 0 without any."""
    return int(tokens.kwargs["side"]) if tokens else 0


def _stage_row(stage: HitStagePlan, tokens: int) -> Row:
    shape = Shape(side=stage.resolution, block=stage.block_size, grid=stage.grid_size, tokens=tokens)
    parts = [stage.upsample, stage.position, stage.cross, *stage.blocks, stage.to_rgb]
    return Row(
        name=stage.name,
        resolution=stage.resolution,
        channels=stage.channels,
        attention=stage.attention,
        block_size=stage.block_size,
        grid_size=stage.grid_size,
        heads=stage.heads,
        depth=len(stage.blocks),
        to_rgb=stage.to_rgb is not None,
        cost=total(cost(part, shape) for part in parts if part is not None),
    )
