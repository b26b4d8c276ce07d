"""The plan as rows to print: one a stage of the generator, one a resolution of the discriminator."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.families.compile import ModelPlan
from hitzoo.families.convnet.plan import ConvnetGeneratorPlan
from hitzoo.families.generator_plan import GeneratorPlan
from hitzoo.families.hit.plan import HitGeneratorPlan, HitStagePlan
from hitzoo.families.stylegan2.plan import LAST_SIDE, Stylegan2DiscriminatorPlan
from hitzoo.plan.cost import Cost, Shape, cost, total
from hitzoo.plan.types import BlockPlan


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `name` is the module path; what does not apply is 0 or empty."""

    name: str
    resolution: int
    channels: int
    attention: str = ""
    block_size: int = 0
    grid_size: int = 0
    heads: int = 0
    depth: int = 0
    to_rgb: bool = False
    cost: Cost


def generator_rows(plan: GeneratorPlan) -> list[Row]:
    """The generator from the latent to the image; the costs add up to the whole."""
    if isinstance(plan, ConvnetGeneratorPlan):
        return _convnet_rows(plan)
    first = plan.stages[0]
    rows = [_plain("initial", plan.initial, first.resolution, first.channels)]
    if plan.tokens is not None:
        rows.append(_plain("tokens", plan.tokens, token_side(plan), first.channels))
    return rows + [_stage_row(stage, token_side(plan) ** 2) for stage in plan.stages]


def _convnet_rows(plan: ConvnetGeneratorPlan) -> list[Row]:
    args = plan.initial.kwargs
    rows = [_plain("initial", plan.initial, int(args["side"]), int(args["channels"]))]
    for index, part in enumerate(plan.blocks, start=1):
        rows.append(_plain(part.name, part, int(args["side"]) << index, int(part.kwargs["out_channels"])))
    return [*rows, _plain("head", plan.head, plan.resolution, plan.image_channels)]


def discriminator_rows(plan: Stylegan2DiscriminatorPlan) -> list[Row]:
    """The discriminator from the image to the logit; the costs add up to the whole."""
    width = int(plan.stem.kwargs["out_channels"])
    rows = [_plain("stem", plan.stem, plan.resolution, width)]
    for index, part in enumerate(plan.blocks):
        rows.append(_plain(part.name, part, plan.resolution >> index, int(part.kwargs["out_channels"])))
    return [*rows, _plain("head", plan.head, LAST_SIDE, int(plan.head.kwargs["channels"]))]


def generator_cost(plan: GeneratorPlan) -> Cost:
    """What the whole generator takes."""
    return total(row.cost for row in generator_rows(plan))


def discriminator_cost(plan: Stylegan2DiscriminatorPlan) -> Cost:
    """What the whole discriminator takes."""
    return total(row.cost for row in discriminator_rows(plan))


def model_cost(plan: ModelPlan) -> dict[str, Cost]:
    """Both networks' costs by name."""
    return {"generator": generator_cost(plan.generator), "discriminator": discriminator_cost(plan.discriminator)}


def token_side(plan: HitGeneratorPlan) -> int:
    """The side of the square of latent tokens; 0 without any."""
    return int(plan.tokens.kwargs["side"]) if plan.tokens else 0


def _plain(name: str, part: BlockPlan, side: int, channels: int) -> Row:
    return Row(name=name, resolution=side, channels=channels, cost=cost(part, Shape(side=side)))


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
