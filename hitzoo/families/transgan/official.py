"""The blocks of TransGAN's networks in the published code (VITA-Group/TransGAN, PyTorch) beside ours.

Linear layers lie alike in memory; a table of positions is [1, N, C] there, and a convolution of size 1 a linear layer
here. Buffers that follow from sizes alone (`relative_position_index`, the augmentation's `Hz_fbank`) are no variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hitzoo.families.official import Variable
from hitzoo.plan.types import BlockPlan

TRANSGAN = "transgan"
"""The published TransGAN code, VITA-Group/TransGAN."""


def same(theirs: str, ours: str, *shape: int) -> Variable:
    """A variable that has one shape in both."""
    return Variable(theirs, ours, shape, shape)


def of_layer(theirs: str, ours: str, inner: int, outer: int, *, bias: bool = True) -> Iterator[Variable]:
    """A linear layer's weight and bias."""
    yield same(f"{theirs}.weight", f"{ours}.weight", outer, inner)
    if bias:
        yield same(f"{theirs}.bias", f"{ours}.bias", outer)


def of_norm(theirs: str, ours: str, width: int, kind: str) -> Iterator[Variable]:
    """A layer norm's scale and shift; a pixel norm has none."""
    if kind == "layer":
        yield same(f"{theirs}.norm.weight", f"{ours}.weight", width)
        yield same(f"{theirs}.norm.bias", f"{ours}.bias", width)


def of_position(theirs: str, position: BlockPlan) -> Variable:
    """The table of a map's positions."""
    side, width = position.kwargs["side"], position.kwargs["channels"]
    return Variable(theirs, f"{position.name}.weight", (1, side * side, width), (side, side, width))


def of_block(theirs: str, ours: str, args: dict[str, Any]) -> Iterator[Variable]:
    """A transformer block; `args` are those of its plan."""
    width, hidden, heads = args["channels"], args["expansion"] * args["channels"], args["heads"]
    attention = f"{theirs}.attn"
    if args.get("token_channels"):
        yield from _of_memory(f"{theirs}.cross_attention", f"{ours}.cross", args)
    yield from of_norm(f"{theirs}.norm1", f"{ours}.norm", width, args["norm"])
    if args.get("noise"):
        yield same(f"{attention}.noise_strength_1", f"{ours}.noise.strength")
    if side := args.get("position_side"):
        table = f"{attention}.relative_position_bias_table"
        yield same(table, f"{ours}.position.table", (2 * side - 1) ** 2, heads)
    yield from of_layer(f"{attention}.qkv", f"{ours}.query_key_value", width, 3 * width, bias=False)
    yield from of_layer(f"{attention}.proj", f"{ours}.output", width, width)
    yield from of_norm(f"{theirs}.norm2", f"{ours}.mlp.norm", width, args["norm"])
    yield from of_layer(f"{theirs}.mlp.fc1", f"{ours}.mlp.widen", width, hidden)
    yield from of_layer(f"{theirs}.mlp.fc2", f"{ours}.mlp.narrow", hidden, width)


def _of_memory(theirs: str, ours: str, args: dict[str, Any]) -> Iterator[Variable]:
    width, source = args["channels"], args["token_channels"]
    if args.get("noise"):
        yield same(f"{theirs}.noise_strength_1", f"{ours}.unused_strength")
    yield from of_layer(f"{theirs}.q_transform", f"{ours}.query", width, width, bias=False)
    yield from of_layer(f"{theirs}.k_transform", f"{ours}.key", source, width, bias=False)
    yield from of_layer(f"{theirs}.v_transform", f"{ours}.value", source, width, bias=False)
    yield from of_layer(f"{theirs}.proj", f"{ours}.output", width, width)
