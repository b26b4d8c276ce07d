"""The variables of the official HiT code (google-research/hit-gan, TensorFlow) beside ours.

A variable is named by its place in TensorFlow's object graph: `blocks/0/layer_with_weights-0/norm/gamma` below
`generator/` or `ema_generator/`. Kernels: Linear (in, out); query, key and value (in, heads, d); attention output
(heads, d, out); convolutions (kh, kw, in, out). Depth-to-space reads channels in TensorFlow's order in our network too,
so nothing is permuted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import WeightsError
from hitzoo.families.generator_plan import GeneratorPlan
from hitzoo.families.hit.plan import HitGeneratorPlan, HitStagePlan
from hitzoo.families.stylegan2.plan import Stylegan2DiscriminatorPlan
from hitzoo.plan.types import BlockPlan

SOURCE = "hit-gan"
AVERAGE, LIVE, CRITIC = "ema_generator", "generator", "discriminator"
"""The roots of a checkpoint's object graph: the averaged and the live generator, and the discriminator."""

Array: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """One variable under both names, with both shapes, and how their axes correspond."""

    theirs: str
    ours: str
    shape: Shape
    our_shape: Shape
    layout: Literal["same", "linear", "conv"] = "same"

    def to_ours(self, array: Array) -> Array:
        """Their array as our tensor: outputs before inputs, heads and widths merged."""
        if self.layout == "conv":
            return np.ascontiguousarray(array.transpose(3, 2, 0, 1))
        if self.layout == "linear":
            outer, inner = self.our_shape
            return np.ascontiguousarray(array.reshape(inner, outer).T)
        return array.reshape(self.our_shape)

    def to_theirs(self, array: Array) -> Array:
        """The inverse."""
        if self.layout == "conv":
            return np.ascontiguousarray(array.transpose(2, 3, 1, 0))
        if self.layout == "linear":
            return np.ascontiguousarray(array.T).reshape(self.shape)
        return array.reshape(self.shape)


def generator_variables(plan: GeneratorPlan) -> Iterator[Variable]:
    """Every variable of the official generator that a plan describes.

    Raises:
        WeightsError: the official code has no generator of the plan's family.
    """
    if not isinstance(plan, HitGeneratorPlan):
        raise WeightsError(
            f"the official HiT code has no {plan.family} generator; only specs of the family hit convert"
        )
    initial, tokens = plan.initial.kwargs, plan.tokens.kwargs if plan.tokens else None
    latent, first = plan.latent_dim, initial["channels"]
    yield from _linear("dense_layer/layer_with_weights-0", "initial.linear", latent, (initial["side"] ** 2 * first,))
    if tokens:
        count = tokens["side"] ** 2
        yield from _linear("embedding_layer/layer_with_weights-0", "tokens.linear", latent, (count * first,))
        table = "embedding_layer/layer_with_weights-1/embedding_weight"
        yield Variable(table, "tokens.position", (1, 1, count, first), (count, first))
        yield from _norm("embedding_layer/layer_with_weights-2", "tokens.norm", first, tokens["norm"])
    for index, stage in enumerate(plan.stages):
        yield from _stage(index, stage)


def discriminator_variables(plan: Stylegan2DiscriminatorPlan) -> Iterator[Variable]:
    """Every variable of the official discriminator that a plan describes."""
    stem, head = plan.stem.kwargs, plan.head.kwargs
    yield from _conv("conv_blocks/layer_with_weights-0", "stem.conv", 3, stem["in_channels"], stem["out_channels"])
    for index, block in enumerate(plan.blocks):
        inner, outer = block.kwargs["in_channels"], block.kwargs["out_channels"]
        name = f"conv_blocks/layer_with_weights-{index + 1}"
        yield from _conv(f"{name}/skip_layers/layer_with_weights-0", f"{block.name}.skip", 1, inner, outer, bias=False)
        yield from _conv(f"{name}/conv_layers/layer_with_weights-0", f"{block.name}.conv1", 3, inner, inner)
        yield from _conv(f"{name}/conv_layers/layer_with_weights-1", f"{block.name}.conv2", 3, inner, outer)
    width, side = head["channels"], head["side"]
    extra = 1 if head["minibatch_std"] else 0
    yield from _conv("final_layers/layer_with_weights-0", "head.conv", 3, width + extra, width)
    yield from _linear("final_layers/layer_with_weights-1", "head.hidden", side * side * width, (width,))
    yield from _linear("final_layers/layer_with_weights-2", "head.logit", width, (1,))


def _stage(index: int, stage: HitStagePlan) -> Iterator[Variable]:
    side, width = stage.resolution, stage.channels
    table = f"position_embeddings/{index}/embedding_weight"
    yield Variable(table, f"{stage.position.name}.weight", (1, side, side, width), (side, side, width))
    if stage.upsample is not None:
        inner, outer = stage.upsample.kwargs["in_channels"] // 4, stage.upsample.kwargs["out_channels"]
        if inner != outer:  # the official code leaves the layer out where no widths change, and so do we
            yield from _linear(f"umsamplings/{index - 1}/dense_layer", f"{stage.upsample.name}.linear", inner, (outer,))
    blocks = [*([stage.cross] if stage.cross else []), *stage.blocks]
    for place, block in enumerate(blocks):
        name = f"blocks/{index}/layer_with_weights-{place}"
        yield from _mlp(name, block.name, block.kwargs) if block.kind == "mlp_block" else _attention(name, block)
    if stage.to_rgb is not None:
        name, args = f"to_rgb_layers/{index}/output_layer", stage.to_rgb.kwargs
        yield from _norm(f"{name}/layer_with_weights-0", f"{stage.to_rgb.name}.norm", width, args["norm"])
        yield from _linear(
            f"{name}/layer_with_weights-1", f"{stage.to_rgb.name}.linear", width, (args["image_channels"],)
        )


def _attention(theirs: str, block: BlockPlan) -> Iterator[Variable]:
    args = block.kwargs
    width, heads = args["channels"], args["heads"]
    each, key_heads = width // heads, 1 if args["share_kv"] else heads
    source = args.get("token_channels", width)
    layer = f"{theirs}/attention_layer"
    yield from _norm(f"{theirs}/norm", f"{block.name}.norm", width, args["norm"])
    yield from _linear(f"{layer}/query_dense", f"{block.name}.query", width, (heads, each))
    yield from _linear(f"{layer}/key_dense", f"{block.name}.key", source, (key_heads, each))
    yield from _linear(f"{layer}/value_dense", f"{block.name}.value", source, (key_heads, each))
    kernel = f"{layer}/output_dense/kernel"
    yield Variable(kernel, f"{block.name}.output.weight", (heads, each, width), (width, width), "linear")
    yield Variable(f"{layer}/output_dense/bias", f"{block.name}.output.bias", (width,), (width,))
    yield from _mlp(f"{theirs}/mlp_block", f"{block.name}.mlp", args)


def _mlp(theirs: str, ours: str, args: dict[str, Any]) -> Iterator[Variable]:
    width, hidden = args["channels"], args["expansion"] * args["channels"]
    yield from _norm(f"{theirs}/norm_layer", f"{ours}.norm", width, args["norm"])
    yield from _linear(f"{theirs}/mlp_block/layer_with_weights-0", f"{ours}.widen", width, (hidden,))
    yield from _linear(f"{theirs}/mlp_block/layer_with_weights-1", f"{ours}.narrow", hidden, (width,))


def _linear(theirs: str, ours: str, inner: int, outer: Shape) -> Iterator[Variable]:
    yield Variable(f"{theirs}/kernel", f"{ours}.weight", (inner, *outer), (prod(outer), inner), "linear")
    yield Variable(f"{theirs}/bias", f"{ours}.bias", outer, (prod(outer),))


def _conv(theirs: str, ours: str, size: int, inner: int, outer: int, *, bias: bool = True) -> Iterator[Variable]:
    shape, our_shape = (size, size, inner, outer), (outer, inner, size, size)
    yield Variable(f"{theirs}/kernel", f"{ours}.weight", shape, our_shape, "conv")
    if bias:
        yield Variable(f"{theirs}/bias", f"{ours}.bias", (outer,), (outer,))


def _norm(theirs: str, ours: str, width: int, kind: str) -> Iterator[Variable]:
    names = {"gamma": "weight", "beta": "bias"}
    if kind == "batch":
        names |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
    for their_name, our_name in names.items():
        yield Variable(f"{theirs}/{their_name}", f"{ours}.{our_name}", (width,), (width,))
