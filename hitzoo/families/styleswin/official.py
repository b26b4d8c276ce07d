"""The generator's variables in the published StyleSwin code (microsoft/StyleSwin, PyTorch) beside ours.

Masks, maps of indices, low-pass kernels and what its positions keep follow from sizes alone and are no variables.
"""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import WeightsError
from hitzoo.families.official import Variable, recomputed
from hitzoo.families.styleswin.plan import StyleswinGeneratorPlan, StyleswinStagePlan
from hitzoo.plan.head_groups import bias_rows, from_words
from hitzoo.plan.types import BlockPlan

STYLESWIN = "styleswin"
"""The published StyleSwin code, microsoft/StyleSwin."""


def styleswin_variables(plan: StyleswinGeneratorPlan) -> Iterator[Variable]:
    """Every variable of the published generator that a plan describes."""
    yield from inputs(plan)
    for index, stage in enumerate(plan.stages):
        for place, block in enumerate(stage.blocks):
            name = f"layers.{index}.blocks.{place}"
            yield from around_attention(name, name, block)
            yield from _attention(name, block)
        yield from ends(index, stage)


def inputs(plan: StyleswinGeneratorPlan) -> Iterator[Variable]:
    """The mapping network and the learned map.

    Raises:
        WeightsError: the style enters in a way that the published code has not.
    """
    kinds = {str(block.kwargs.get("conditioning", "adain")) for stage in plan.stages for block in stage.blocks}
    if other := kinds - {"adain"}:
        raise WeightsError(
            f"the published code has no conditioning '{other.pop()}'; convert with a spec that has adain, or none"
        )
    width, inner = plan.mapping.kwargs["width"], plan.latent_dim
    for layer in range(plan.mapping.kwargs["layers"]):
        yield from layer_variables(f"style.{layer + 1}", f"mapping.layers.{layer}", inner, width)
        inner = width
    side, channels = plan.initial.kwargs["side"], plan.initial.kwargs["channels"]
    yield Variable("input.input", "initial.weight", (1, channels, side, side), (channels, side, side))


def around_attention(theirs: str, attention: str, block: BlockPlan) -> Iterator[Variable]:
    """Variables of a block besides the biases of its attention; `attention` is where its projections are."""
    args, ours = block.kwargs, block.name
    width, hidden = args["channels"], args["expansion"] * args["channels"]
    for norm in ("norm1", "norm2"):
        yield from layer_variables(f"{theirs}.{norm}.style", f"{ours}.{norm}.style", args["style_dim"], 2 * width)
    yield from layer_variables(f"{attention}.qkv", f"{ours}.query_key_value", width, 3 * width)
    yield from layer_variables(f"{attention}.proj", f"{ours}.output", width, width)
    yield from layer_variables(f"{theirs}.mlp.fc1", f"{ours}.widen", width, hidden)
    yield from layer_variables(f"{theirs}.mlp.fc2", f"{ours}.narrow", hidden, width)


def ends(index: int, stage: StyleswinStagePlan) -> Iterator[Variable]:
    """The way to the next stage, and the part of the image.

    Raises:
        WeightsError: the stage adds nothing to the image, as each does in the published code.
    """
    if stage.upsample is not None:
        theirs, ours = f"layers.{index}.upsample", stage.upsample.name
        inner, outer = stage.upsample.kwargs["in_channels"], stage.upsample.kwargs["out_channels"]
        yield recomputed(f"{theirs}.sin_pos_embed._float_tensor")
        yield same(f"{theirs}.alpha", f"{ours}.position.scale", 1)
        yield same(f"{theirs}.norm.weight", f"{ours}.norm.weight", inner)
        yield same(f"{theirs}.norm.bias", f"{ours}.norm.bias", inner)
        yield same(f"{theirs}.reduction.weight", f"{ours}.weight", outer, inner)
    if stage.to_rgb is None:
        raise WeightsError(
            f"every stage of the published code adds to the image, not so {stage.name}; convert with a spec that has no"
            " to_rgb, or none"
        )
    width, colors = stage.to_rgb.kwargs["channels"], stage.to_rgb.kwargs["image_channels"]
    theirs, ours = f"to_rgbs.{index}", stage.to_rgb.name
    yield recomputed(f"{theirs}.upsample.kernel")
    yield Variable(f"{theirs}.bias", f"{ours}.bias", (1, colors, 1, 1), (colors,))
    yield Variable(f"{theirs}.conv.weight", f"{ours}.linear.weight", (colors, width, 1, 1), (colors, width))
    yield same(f"{theirs}.conv.bias", f"{ours}.linear.bias", colors)


def same(theirs: str, ours: str, *shape: int) -> Variable:
    """A variable that has one shape in both."""
    return Variable(theirs, ours, shape, shape)


def layer_variables(theirs: str, ours: str, inner: int, outer: int) -> Iterator[Variable]:
    """A linear layer's weight and bias."""
    yield same(f"{theirs}.weight", f"{ours}.weight", outer, inner)
    yield same(f"{theirs}.bias", f"{ours}.bias", outer)


def _attention(theirs: str, block: BlockPlan) -> Iterator[Variable]:
    yield from (recomputed(f"{theirs}.attn_mask{number}") for number in (1, 2))
    for place, group in enumerate(from_words(block.kwargs["groups"])):
        yield recomputed(f"{theirs}.attn.{place}.relative_position_index")
        shape = bias_rows(group, block.kwargs["side"]), group.heads
        table = f"{theirs}.attn.{place}.relative_position_bias_table"
        yield same(table, f"{block.name}.attention.groups.{place}.table", *shape)
