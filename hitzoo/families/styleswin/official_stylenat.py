"""The generator's variables in the published StyleNAT code (SHI-Labs/StyleNAT, PyTorch) beside ours.

Everything but attention has StyleSwin's names. Its biases are by the offset from query to key, ours from key to query.
Files of the older layout count two groups everywhere, also where both are the same, as at 8×8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hitzoo.families.official import Variable, recomputed
from hitzoo.families.styleswin.official import around_attention, ends, inputs
from hitzoo.families.styleswin.plan import StyleswinGeneratorPlan
from hitzoo.plan.head_groups import HeadGroup, axes, from_words
from hitzoo.plan.types import BlockPlan

_OLD_GROUPS = 2


def stylenat_variables(plan: StyleswinGeneratorPlan) -> Iterator[Variable]:
    """Every variable of the published generator that a plan describes, in the files' both layouts."""
    yield from inputs(plan)
    for index, stage in enumerate(plan.stages):
        for place, block in enumerate(stage.blocks):
            name = f"layers.{index}.blocks.{place}"
            yield from around_attention(name, f"{name}.attn", block)
            yield from _attention(f"{name}.attn", block)
        yield from ends(index, stage)


def _attention(theirs: str, block: BlockPlan) -> Iterator[Variable]:
    groups, side = from_words(block.kwargs["groups"]), block.kwargs["side"]
    ours = f"{block.name}.attention.groups"
    yield recomputed(f"{theirs}.relative_position_index")
    if groups[0].pattern == "global":
        yield _table(f"{theirs}.rpb", f"{ours}.0.table", groups[0], side)
        return
    for place, group in enumerate(groups):
        yield _table(f"{theirs}.rpb.{place}", f"{ours}.{place}.table", group, side)
    if len(groups) == _OLD_GROUPS:
        for place, group in enumerate(groups):
            yield _table(f"{theirs}.rpb{place}", f"{ours}.{place}.table", group, side, form="old")
    if len(groups) == 1:
        half = replace(groups[0], heads=groups[0].heads // _OLD_GROUPS)
        for place in range(_OLD_GROUPS):
            yield _table(f"{theirs}.rpb{place}", f"{ours}.0.table", half, side, form="old")


def _table(theirs: str, ours: str, group: HeadGroup, side: int, form: str = "") -> Variable:
    reach = [2 * axis.reach - 1 for axis in axes(group, side)]
    return Variable(
        theirs, ours, (group.heads, *reach), (reach[0] * reach[1], group.heads), layout="offsets", form=form
    )
