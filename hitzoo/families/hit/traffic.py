"""Numbers that the HiT generator moves through memory, by the byte models of `hitzoo.plan.traffic`.

N positions of a map, n = N·C its numbers, C channels, E expansion of an MLP, h heads, T latent tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hitzoo.families.hit.rows import token_side
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.plan.cost import KEYS, Shape
from hitzoo.plan.moved import Moved, add, copy, linear, norm, pointwise
from hitzoo.plan.types import BlockPlan


def moved_by_hit(
    latent_dim: int, image_channels: int, tokens: BlockPlan | None, stages: Sequence[HitStagePlan]
) -> list[Moved]:
    """Count what each row of the generator moves."""
    first, count = stages[0], token_side(tokens) ** 2
    parts = [linear(latent_dim, first.resolution**2 * first.channels)]
    if tokens is not None:
        numbers = count * first.channels
        parts.append(linear(latent_dim, numbers) + pointwise(numbers) + _norm(tokens, numbers))
    image = 0  # numbers of the image so far
    for before, stage in pairwise((None, *stages)):
        assert stage is not None
        after = image_channels * stage.resolution**2
        parts.append(_stage(before, stage, count, image, after, last=stage is stages[-1]))
        if image or stage.to_rgb is not None:
            image = after
    return parts


def _stage(
    before: HitStagePlan | None, stage: HitStagePlan, tokens: int, image: int, after: int, *, last: bool
) -> Moved:
    """One stage; the image has `image` numbers when it comes from the one before, `after` when it leaves."""
    shape = Shape(side=stage.resolution, block=stage.block_size, grid=stage.grid_size, tokens=tokens)
    n = stage.resolution**2 * stage.channels
    moved = _arrival(before, n)
    if stage.block_size:
        moved += copy(n) + copy(n)  # to blocks and back
    if stage.cross is not None:
        moved += _cross(stage.cross, shape)
    for part in stage.blocks:
        moved += _mlp(part, shape) if part.kind == "mlp_block" else _self(part, shape)
    picture = _image(stage, image, after)
    moved += picture
    if stage.attention != "none":
        return moved
    return moved.as_one_kernel(_one_kernel(before, stage, tokens, n, last=last) + picture.stage)


def _norm(part: BlockPlan, n: int) -> Moved:
    return norm(n, part.kwargs["norm"], part.kwargs["channels"])


def _arrival(before: HitStagePlan | None, n: int) -> Moved:
    """Upsampling and position table; fused, the sum with the table happens where the map is written."""
    position = pointwise(n)
    if before is None:
        return position
    dealt = before.resolution**2 * before.channels
    if dealt == n:  # nothing but another order; fused, it is the sum's
        return copy(n) + position.and_fused(2 * n)
    return copy(dealt) + linear(dealt, n) + position


def _mlp(part: BlockPlan, shape: Shape) -> Moved:
    args = part.kwargs
    n = shape.side**2 * args["channels"]
    hidden = args["expansion"] * n
    apart = _norm(part, n) + linear(n, hidden) + pointwise(hidden) + linear(hidden, n) + add(n)
    return Moved(apart.eager, apart.gemm, 2 * n, 2 * n)


def _cross(part: BlockPlan, shape: Shape) -> Moved:
    args = part.kwargs
    n, narrow = shape.side**2 * args["channels"], _narrow(part)
    read = shape.tokens * args["token_channels"]
    keys = 2 * shape.tokens * narrow
    scores = shape.side**2 * args["heads"] * shape.tokens
    made = (
        _norm(part, n) + linear(n, n) + linear(read, keys).with_eager(read)
    )  # one product for keys and values, or two
    return made + _read(part, n, keys, scores) + _mlp(part, shape)


def _self(part: BlockPlan, shape: Shape) -> Moved:
    args, rows = part.kwargs, shape.side**2
    n, keys = rows * args["channels"], 2 * rows * _narrow(part)
    scores = rows * args["heads"] * KEYS[part.kind](shape)
    made = _norm(part, n) + linear(n, n + keys).with_eager(2 * n)  # one product for all three, or three
    return made + _read(part, n, keys, scores) + _mlp(part, shape)


def _narrow(part: BlockPlan) -> int:
    """The width of keys, and of values."""
    args = part.kwargs
    return int(args["channels"] // args["heads"] if args["share_kv"] else args["channels"])


def _read(part: BlockPlan, n: int, keys: int, scores: float) -> Moved:
    """softmax(q·kᵀ/√d)·v, the output's product and the sum; in single operations the scores are written, scaled,
    normalised and read.
    """
    read = 2.0 * n + keys
    core = Moved(read, read, read, read).with_eager(6 * scores)
    return _turning(part, n, keys) + core + linear(n, n) + add(n)


_TURNED = {
    "cross_attention_block": ((0, 0), (2, 0)),
    "multi_axis_block": ((4, 3), (5, 0)),
    "regional_block": ((0, 0), (2, 0)),
    "dilated_block": ((6, 2), (4, 2)),
    "axial_block": ((4, 3), (5, 0)),
    "global_block": ((0, 0), (2, 0)),
}
"""Copies that single operations make to put an axis or the heads where the kernel wants them, of the map, and of keys
and values; first where all heads share those, then where each has its own."""


def _turning(part: BlockPlan, n: int, keys: int) -> Moved:
    shared, own = _TURNED[part.kind]
    of_map, of_keys = shared if part.kwargs["share_kv"] else own
    return Moved(eager=of_map * n + of_keys * keys)


def _image(stage: HitStagePlan, before: int, out: int) -> Moved:
    """The stage's contribution to an image of `out` numbers; `before` numbers come from the stage before."""
    n = stage.resolution**2 * stage.channels
    grown = Moved(eager=before + out) if before else Moved()
    if stage.to_rgb is None:
        return grown.and_fused(before + out) if before else Moved()  # fused, growing is one pass over both
    made = _norm(stage.to_rgb, n) + linear(n, out)
    summed = Moved(3.0 * out, before, before, before) if before else Moved()
    return (made + grown + summed).as_one_kernel(out + before)


def _one_kernel(before: HitStagePlan | None, stage: HitStagePlan, tokens: int, n: int, *, last: bool) -> float:
    """The map before in, the map out unless only the image is left to make, and the keys and values of the tokens."""
    read = before.resolution**2 * before.channels if before else n
    keys = 2 * tokens * _narrow(stage.cross) if stage.cross is not None else 0
    return read + (0 if last else n) + keys
