"""The cost of a stage's transformer blocks, each with its own blocks of pixels."""

from __future__ import annotations

from collections.abc import Iterable

from hitzoo.plan.cost import Cost, Shape, cost, total
from hitzoo.plan.types import BlockPlan


def blocks_cost(blocks: Iterable[BlockPlan], side: int, tokens: int = 0) -> Cost:
    """Parameters, FLOPs and activations of transformer blocks on a map of `side`²."""
    return total(cost(part, _shape(int(part.kwargs["block_size"]), side, tokens)) for part in blocks)


def _shape(block_size: int, side: int, tokens: int) -> Shape:
    return Shape(side=side, block=block_size, grid=side // block_size if block_size else 0, tokens=tokens)
