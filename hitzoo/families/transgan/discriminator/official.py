"""The discriminator's variables in the published TransGAN code beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.official import Variable
from hitzoo.families.transgan.discriminator.plan import TransganDiscriminatorPlan, TransganScalePlan
from hitzoo.families.transgan.official import of_block, of_layer, of_norm, of_position, same
from hitzoo.plan.types import BlockPlan


def discriminator_variables(plan: TransganDiscriminatorPlan) -> Iterator[Variable]:
    """Every variable of the published discriminator that a plan describes."""
    head = plan.head.kwargs
    width, norm = head["channels"], head["norm"]
    yield Variable("cls_token", "head.token", (1, 1, width), (width,))
    for number, stage in enumerate(plan.stages, start=1):
        yield of_position(f"pos_embed_{number}", stage.position)
        if stage.patches is not None:
            yield from _of_patches(f"fRGB_{number}", stage.patches)
        for place, block in enumerate(stage.blocks):
            yield from of_block(_name_of(stage, number, place), block.name, block.kwargs)
    yield from of_block("last_block.0", "head.block", head)
    yield from of_norm("norm", "head.norm", width, norm)
    yield from of_layer("head", "head.logit", width, 1)


def _name_of(stage: TransganScalePlan, number: int, place: int) -> str:
    """Blocks over the whole map that follow others of the stage are counted anew, under its number with a 1."""
    windowed = sum(block.kwargs["attention"] != "global" for block in stage.blocks)
    if windowed and place >= windowed:
        return f"blocks_{number}1.{place - windowed}"
    return f"blocks_{number}.{place}"


def _of_patches(theirs: str, patches: BlockPlan) -> Iterator[Variable]:
    args = patches.kwargs
    yield same(
        f"{theirs}.weight",
        f"{patches.name}.conv.weight",
        args["channels"],
        args["image_channels"],
        args["kernel"],
        args["kernel"],
    )
    yield same(f"{theirs}.bias", f"{patches.name}.conv.bias", args["channels"])
