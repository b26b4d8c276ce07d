"""Numbers that the convolutional generator moves through memory, by the byte models of `hitzoo.plan.traffic`."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.plan.moved import Moved, linear, norm, pointwise
from hitzoo.plan.types import BlockPlan


def moved_by_convnet(initial: BlockPlan, blocks: Sequence[BlockPlan], head: BlockPlan) -> list[Moved]:
    """Every convolution reads its map and writes one; norms, relu, nearest neighbour and sums are its own or apart."""
    side, width = int(initial.kwargs["side"]), int(initial.kwargs["channels"])
    parts = [linear(int(initial.kwargs["latent_dim"]), side * side * width)]
    for index, part in enumerate(blocks):
        parts.append(_residual_up(part, (side << index) ** 2))
    positions = (side << len(blocks)) ** 2
    n, out = positions * int(head.kwargs["channels"]), positions * int(head.kwargs["image_channels"])
    return [*parts, norm(n) + pointwise(n) + linear(n, out) + pointwise(out)]


def _residual_up(part: BlockPlan, positions: int) -> Moved:
    """A block that begins with `positions` positions and ends with four times as many."""
    inner, outer = int(part.kwargs["in_channels"]), int(part.kwargs["out_channels"])
    before, grown, after, skip = positions * inner, 4 * positions * inner, 4 * positions * outer, positions * outer
    first = norm(before) + pointwise(before) + linear(before, after).with_eager(2 * grown)  # grown: written and read
    second = norm(after) + pointwise(after) + linear(after, after)
    beside = linear(before, skip) + Moved(eager=after)
    return first + second + beside + Moved(3.0 * after + skip, skip, skip, skip)
