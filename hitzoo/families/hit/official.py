"""The generator's variables in the official HiT code (google-research/hit-gan, TensorFlow) beside ours.

A variable is named by its place in TensorFlow's object graph: `blocks/0/layer_with_weights-0/norm/gamma` below
`generator/` or `ema_generator/`. Depth-to-space reads channels in TensorFlow's order in our network too, so nothing is
permuted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hitzoo.families.hit.plan import HitGeneratorPlan
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.families.official import Variable, of_linear, of_norm
from hitzoo.plan.types import BlockPlan


def hit_variables(plan: HitGeneratorPlan) -> Iterator[Variable]:
    """Every variable of the official generator that a plan describes."""
    initial, tokens = plan.initial.kwargs, plan.tokens.kwargs if plan.tokens else None
    latent, first = plan.latent_dim, initial["channels"]
    yield from of_linear("dense_layer/layer_with_weights-0", "initial.linear", latent, (initial["side"] ** 2 * first,))
    if tokens:
        count = tokens["side"] ** 2
        yield from of_linear("embedding_layer/layer_with_weights-0", "tokens.linear", latent, (count * first,))
        table = "embedding_layer/layer_with_weights-1/embedding_weight"
        yield Variable(table, "tokens.position", (1, 1, count, first), (count, first))
        yield from of_norm("embedding_layer/layer_with_weights-2", "tokens.norm", first, tokens["norm"])
    for index, stage in enumerate(plan.stages):
        yield from _stage(index, stage)


def _stage(index: int, stage: HitStagePlan) -> Iterator[Variable]:
    side, width = stage.resolution, stage.channels
    table = f"position_embeddings/{index}/embedding_weight"
    yield Variable(table, f"{stage.position.name}.weight", (1, side, side, width), (side, side, width))
    if stage.upsample is not None:
        inner, outer = stage.upsample.kwargs["in_channels"] // 4, stage.upsample.kwargs["out_channels"]
        if inner != outer:  # the official code leaves the layer out where no widths change, and so do we
            yield from of_linear(
                f"umsamplings/{index - 1}/dense_layer", f"{stage.upsample.name}.linear", inner, (outer,)
            )
    blocks = [*([stage.cross] if stage.cross else []), *stage.blocks]
    for place, block in enumerate(blocks):
        name = f"blocks/{index}/layer_with_weights-{place}"
        yield from _mlp(name, block.name, block.kwargs) if block.kind == "mlp_block" else _attention(name, block)
    if stage.to_rgb is not None:
        name, args = f"to_rgb_layers/{index}/output_layer", stage.to_rgb.kwargs
        yield from of_norm(f"{name}/layer_with_weights-0", f"{stage.to_rgb.name}.norm", width, args["norm"])
        yield from of_linear(
            f"{name}/layer_with_weights-1", f"{stage.to_rgb.name}.linear", width, (args["image_channels"],)
        )


def _attention(theirs: str, block: BlockPlan) -> Iterator[Variable]:
    args = block.kwargs
    width, heads = args["channels"], args["heads"]
    each, key_heads = width // heads, 1 if args["share_kv"] else heads
    source = args.get("token_channels", width)
    layer = f"{theirs}/attention_layer"
    yield from of_norm(f"{theirs}/norm", f"{block.name}.norm", width, args["norm"])
    yield from of_linear(f"{layer}/query_dense", f"{block.name}.query", width, (heads, each))
    yield from of_linear(f"{layer}/key_dense", f"{block.name}.key", source, (key_heads, each))
    yield from of_linear(f"{layer}/value_dense", f"{block.name}.value", source, (key_heads, each))
    kernel = f"{layer}/output_dense/kernel"
    yield Variable(kernel, f"{block.name}.output.weight", (heads, each, width), (width, width), "linear")
    yield Variable(f"{layer}/output_dense/bias", f"{block.name}.output.bias", (width,), (width,))
    yield from _mlp(f"{theirs}/mlp_block", f"{block.name}.mlp", args)


def _mlp(theirs: str, ours: str, args: dict[str, Any]) -> Iterator[Variable]:
    width, hidden = args["channels"], args["expansion"] * args["channels"]
    yield from of_norm(f"{theirs}/norm_layer", f"{ours}.norm", width, args["norm"])
    yield from of_linear(f"{theirs}/mlp_block/layer_with_weights-0", f"{ours}.widen", width, (hidden,))
    yield from of_linear(f"{theirs}/mlp_block/layer_with_weights-1", f"{ours}.narrow", hidden, (width,))
