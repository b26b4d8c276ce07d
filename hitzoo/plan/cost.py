"""Parameters and FLOPs of every block, by arithmetic alone.

FLOPs are 2 × multiply-accumulates of the matrix products and convolutions of one image's forward pass; norms,
activations, softmax and pooling are not counted. A test holds these numbers against the built modules and torch's own
counter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hitzoo.plan.types import BlockPlan


@dataclass(frozen=True)
class Cost:
    """What a block takes: trainable parameters, and FLOPs for one image."""

    parameters: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.flops + other.flops)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Where a block stands: `side`² positions, in blocks of `block` on a grid of `grid` each way, `tokens` beside."""

    side: int
    block: int = 0
    grid: int = 0
    tokens: int = 0


def cost(plan: BlockPlan, shape: Shape) -> Cost:
    """The cost of one block at one place."""
    rule = COSTS[plan.kind]
    return rule(shape, **plan.kwargs)


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of costs."""
    return sum(costs, Cost())


def _linear(rows: int, inner: int, outer: int, *, bias: bool = True) -> Cost:
    return Cost(inner * outer + (outer if bias else 0), 2 * rows * inner * outer)


def _norm(channels: int) -> Cost:
    return Cost(2 * channels)


def _mlp(shape: Shape, channels: int, norm: str, expansion: int) -> Cost:
    rows, hidden = shape.side**2, expansion * channels
    return _norm(channels) + _linear(rows, channels, hidden) + _linear(rows, hidden, channels)


def _projections(shape: Shape, channels: int, heads: int, share_kv: bool, sources: int, source_channels: int) -> Cost:
    """Query and output over the map, key and value over what is attended to, and the norm before."""
    narrow = channels // heads if share_kv else channels
    over_map = _linear(shape.side**2, channels, channels)
    over_sources = _linear(sources, source_channels, narrow)
    return _norm(channels) + over_map + over_map + over_sources + over_sources


def _cross_attention(
    shape: Shape, channels: int, heads: int, share_kv: bool, token_channels: int, norm: str, expansion: int
) -> Cost:
    core = Cost(0, 4 * shape.side**2 * shape.tokens * channels)  # q·k and weights·v
    around = _projections(shape, channels, heads, share_kv, shape.tokens, token_channels)
    return around + core + _mlp(shape, channels, norm, expansion)


def _self_attention(keys: Callable[[Shape], float]) -> Callable[..., Cost]:
    """The cost of a block whose heads see `keys` positions on average."""

    def rule(shape: Shape, channels: int, heads: int, share_kv: bool, norm: str, expansion: int) -> Cost:
        core = Cost(0, round(4 * shape.side**2 * keys(shape) * channels))  # q·k and weights·v
        around = _projections(shape, channels, heads, share_kv, shape.side**2, channels)
        return around + core + _mlp(shape, channels, norm, expansion)

    return rule


def _initial_map(shape: Shape, latent_dim: int, side: int, channels: int, glorot: bool = False) -> Cost:
    return _linear(1, latent_dim, side * side * channels)


def _latent_tokens(shape: Shape, latent_dim: int, side: int, channels: int, norm: str) -> Cost:
    width = side * side * channels
    return _linear(1, latent_dim, width) + Cost(width) + _norm(channels)


def _position(shape: Shape, side: int, channels: int) -> Cost:
    return Cost(side * side * channels)


def _upsample(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    return Cost() if in_channels // 4 == out_channels else _linear(shape.side**2, in_channels // 4, out_channels)


def _to_rgb(shape: Shape, channels: int, image_channels: int, norm: str) -> Cost:
    return _norm(channels) + _linear(shape.side**2, channels, image_channels)


def _residual_up(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """`shape` is where the block ends, at twice the resolution it begins with, where the skip is computed."""
    full, before = shape.side**2, (shape.side // 2) ** 2
    main = _linear(full, 9 * in_channels, out_channels) + _linear(full, 9 * out_channels, out_channels)
    return _norm(in_channels) + _norm(out_channels) + main + _linear(before, in_channels, out_channels)


def _image_head(shape: Shape, channels: int, image_channels: int) -> Cost:
    return _norm(channels) + _linear(shape.side**2, 9 * channels, image_channels)


def _conv_stem(shape: Shape, in_channels: int, out_channels: int, equalized: bool) -> Cost:
    return _linear(shape.side**2, 9 * in_channels, out_channels)


def _residual_down(shape: Shape, in_channels: int, out_channels: int, downsample: str, equalized: bool) -> Cost:
    full, halved = shape.side**2, (shape.side // 2) ** 2
    main = _linear(full, 9 * in_channels, in_channels) + _linear(halved, 9 * in_channels, out_channels)
    blurs = Cost(0, 2 * 2 * 16 * halved * in_channels if downsample == "blur" else 0)
    return main + _linear(halved, in_channels, out_channels, bias=False) + blurs


def _logit_head(shape: Shape, channels: int, side: int, minibatch_std: int, equalized: bool) -> Cost:
    inner = channels + (1 if minibatch_std else 0)
    conv = _linear(side * side, 9 * inner, channels)
    return conv + _linear(1, side * side * channels, channels) + _linear(1, channels, 1)


COSTS: dict[str, Callable[..., Cost]] = {
    "initial_map": _initial_map,
    "latent_tokens": _latent_tokens,
    "position_embedding": _position,
    "upsample": _upsample,
    "cross_attention_block": _cross_attention,
    "multi_axis_block": _self_attention(lambda shape: (shape.block**2 + shape.grid**2) / 2),
    "regional_block": _self_attention(lambda shape: shape.block**2),
    "dilated_block": _self_attention(lambda shape: shape.grid**2),
    "axial_block": _self_attention(lambda shape: shape.side),
    "global_block": _self_attention(lambda shape: shape.side**2),
    "mlp_block": _mlp,
    "to_rgb": _to_rgb,
    "residual_up": _residual_up,
    "image_head": _image_head,
    "conv_stem": _conv_stem,
    "residual_down": _residual_down,
    "logit_head": _logit_head,
}
