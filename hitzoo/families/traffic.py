"""Numbers that a generator's forward pass moves between memory and the processor, by arithmetic alone.

How many depends on what stays on the chip between one operation and the next; four answers are counted, each a byte
model of `MODELS`. They are least numbers: caches are taken to hold nothing from one kernel to the next, and a kernel to
read what it needs once. Tests hold `eager` against the operations of the built modules.

N positions of a map, n = N·C its numbers, C channels, E expansion of an MLP, h heads, T latent tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hitzoo.families.convnet.plan import ConvnetGeneratorPlan
from hitzoo.families.generator_plan import GeneratorPlan
from hitzoo.families.hit.plan import HitGeneratorPlan, HitStagePlan
from hitzoo.families.table import generator_rows, token_side
from hitzoo.plan.cost import KEYS, Shape
from hitzoo.plan.moved import Moved, add, copy, linear, norm, pointwise
from hitzoo.plan.types import BlockPlan

MODELS = {
    "eager": "every operation reads its inputs from memory and writes its result there",
    "gemm": "only products do: norms, gelu, sums and re-ordering happen on their way, attention is one kernel",
    "mlp": "as gemm, and an MLP is one kernel: what is between its two products never leaves the chip",
    "stage": "as mlp, and a stage without attention is one kernel from its input map to its output map",
}
"""The byte models, from most bytes to fewest. A convolutional generator has no MLPs: its last three are the same."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """One row of the generator's table: FLOPs of an image, numbers of its activations moved by byte model, weights.

    `weights` are read once a batch, position tables among them.
    """

    name: str
    resolution: int
    flops: int
    weights: int
    moved: dict[str, float]

    def bytes_per_image(self, model: str, *, size: int, batch: int) -> float:
        """Bytes an image in a batch of `batch`, `size` bytes a number."""
        return size * (self.moved[model] + self.weights / batch)


def traffic_of(plan: GeneratorPlan) -> list[Traffic]:
    """The rows of `generator_rows`, in their order."""
    moved = _convnet(plan) if isinstance(plan, ConvnetGeneratorPlan) else _hit(plan)
    return [
        Traffic(
            name=row.name,
            resolution=row.resolution,
            flops=row.cost.flops,
            weights=row.cost.parameters,
            moved={model: getattr(part, model) for model in MODELS},
        )
        for row, part in zip(generator_rows(plan), moved, strict=True)
    ]


def _hit(plan: HitGeneratorPlan) -> list[Moved]:
    first = plan.stages[0]
    parts = [linear(plan.latent_dim, first.resolution**2 * first.channels)]
    tokens = token_side(plan) ** 2
    if plan.tokens is not None:
        numbers = tokens * first.channels
        parts.append(linear(plan.latent_dim, numbers) + pointwise(numbers) + norm(numbers))
    image = 0  # numbers of the image so far
    for before, stage in pairwise((None, *plan.stages)):
        assert stage is not None
        parts.append(_stage(plan, before, stage, tokens, image))
        if image or stage.to_rgb is not None:
            image = plan.image_channels * stage.resolution**2
    return parts


def _stage(plan: HitGeneratorPlan, before: HitStagePlan | None, stage: HitStagePlan, tokens: int, image: int) -> Moved:
    """One stage; `image` are the numbers of the image that it takes over from the one before."""
    shape = Shape(side=stage.resolution, block=stage.block_size, grid=stage.grid_size, tokens=tokens)
    n = stage.resolution**2 * stage.channels
    moved = _arrival(before, n)
    if stage.block_size:
        moved += copy(n) + copy(n)  # to blocks and back
    if stage.cross is not None:
        moved += _cross(stage.cross, shape)
    for part in stage.blocks:
        moved += _mlp(part, shape) if part.kind == "mlp_block" else _self(part, shape)
    picture = _image(plan, stage, image)
    moved += picture
    if stage.attention != "none":
        return moved
    return moved.as_one_kernel(_one_kernel(before, stage, tokens, n, last=stage is plan.stages[-1]) + picture.stage)


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
    apart = norm(n) + linear(n, hidden) + pointwise(hidden) + linear(hidden, n) + add(n)
    return Moved(apart.eager, apart.gemm, 2 * n, 2 * n)


def _cross(part: BlockPlan, shape: Shape) -> Moved:
    args = part.kwargs
    n, narrow = shape.side**2 * args["channels"], _narrow(part)
    read = shape.tokens * args["token_channels"]
    keys = 2 * shape.tokens * narrow
    scores = shape.side**2 * args["heads"] * shape.tokens
    made = norm(n) + linear(n, n) + linear(read, keys).with_eager(read)  # one product for keys and values, or two
    return made + _read(part, n, keys, scores) + _mlp(part, shape)


def _self(part: BlockPlan, shape: Shape) -> Moved:
    args, rows = part.kwargs, shape.side**2
    n, keys = rows * args["channels"], 2 * rows * _narrow(part)
    scores = rows * args["heads"] * KEYS[part.kind](shape)
    made = norm(n) + linear(n, n + keys).with_eager(2 * n)  # one product for all three, or three
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
"""What single operations move to put an axis or the heads where the kernel wants them: how often the map, and how often
keys and values; first where all heads share those, then where each has its own."""


def _turning(part: BlockPlan, n: int, keys: int) -> Moved:
    shared, own = _TURNED[part.kind]
    of_map, of_keys = shared if part.kwargs["share_kv"] else own
    return Moved(eager=of_map * n + of_keys * keys)


def _image(plan: HitGeneratorPlan, stage: HitStagePlan, before: int) -> Moved:
    """What a stage adds to the image; `before` numbers of it come from the stage before."""
    n, out = stage.resolution**2 * stage.channels, plan.image_channels * stage.resolution**2
    grown = Moved(eager=before + out) if before else Moved()
    if stage.to_rgb is None:
        return grown + Moved(*[0.0] + [float(before + out)] * 3) if before else Moved()
    made = norm(n) + linear(n, out)
    summed = Moved(3.0 * out, before, before, before) if before else Moved()
    return (made + grown + summed).as_one_kernel(out + before)


def _one_kernel(before: HitStagePlan | None, stage: HitStagePlan, tokens: int, n: int, *, last: bool) -> float:
    """The map before in, the map out unless only the image is left to make, and the keys and values of the tokens."""
    read = before.resolution**2 * before.channels if before else n
    keys = 2 * tokens * _narrow(stage.cross) if stage.cross is not None else 0
    return read + (0 if last else n) + keys


def _convnet(plan: ConvnetGeneratorPlan) -> list[Moved]:
    """Every convolution reads its map and writes one; norms, relu, nearest neighbour and sums are its own or apart."""
    side, width = int(plan.initial.kwargs["side"]), int(plan.initial.kwargs["channels"])
    parts = [linear(plan.latent_dim, side * side * width)]
    for index, part in enumerate(plan.blocks):
        parts.append(_residual_up(part, (side << index) ** 2))
    n, out = plan.resolution**2 * int(plan.head.kwargs["channels"]), plan.image_channels * plan.resolution**2
    return [*parts, norm(n) + pointwise(n) + linear(n, out) + pointwise(out)]


def _residual_up(part: BlockPlan, positions: int) -> Moved:
    """A block that begins with `positions` positions and ends with four times as many."""
    inner, outer = int(part.kwargs["in_channels"]), int(part.kwargs["out_channels"])
    before, grown, after, skip = positions * inner, 4 * positions * inner, 4 * positions * outer, positions * outer
    first = norm(before) + pointwise(before) + linear(before, after).with_eager(2 * grown)  # grown: written and read
    second = norm(after) + pointwise(after) + linear(after, after)
    beside = linear(before, skip) + Moved(eager=after)
    return first + second + beside + Moved(3.0 * after + skip, skip, skip, skip)
