"""Parameters, FLOPs and activations of the blocks of autoencoders; for the units see `hitzoo.plan.cost`."""

from __future__ import annotations

from collections.abc import Callable

from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost, norm_cost, total
from hitzoo.plan.types import Value


def _code_map(shape: Shape, width: int, channels: int) -> Cost:
    return linear_cost(shape.side**2, width, channels) + keeps((shape.side**2, width))


def _code_tokens(shape: Shape, width: int, side: int, channels: int, norm: str) -> Cost:
    tokens = side * side
    layer = linear_cost(tokens, width, channels) + Cost(tokens * channels) + keeps((tokens, width))
    return layer + norm_cost(tokens, channels, norm) + keeps((tokens, channels))


def _plain_conv(shape: Shape, in_channels: int, out_channels: int, size: int) -> Cost:
    rows = shape.side**2
    return linear_cost(rows, size**2 * in_channels, out_channels) + keeps((rows, in_channels))


def _group_normed(rows: int, channels: int, groups: int) -> Cost:
    """Cost of a group norm and a swish: what comes in, a mean and a deviation per group, and what is normed."""
    return Cost(2 * channels) + keeps((rows, 2 * channels), (1, 2 * groups))


def _group_norm_residual(shape: Shape, in_channels: int, out_channels: int, groups: int) -> Cost:
    rows = shape.side**2
    first = _group_normed(rows, in_channels, groups) + _plain_conv(shape, in_channels, out_channels, 3)
    second = _group_normed(rows, out_channels, groups) + _plain_conv(shape, out_channels, out_channels, 3)
    return first + second + (Cost() if in_channels == out_channels else linear_cost(rows, in_channels, out_channels))


def _group_norm_attention(shape: Shape, channels: int, groups: int) -> Cost:
    rows = shape.side**2
    layers = total(linear_cost(rows, channels, channels) for _ in range(4)) + Cost(0, 4 * rows * rows * channels)
    kept = keeps((rows, 6 * channels), (rows, 1), (1, 2 * groups))
    return Cost(2 * channels) + layers + kept


def _padded_conv_down(shape: Shape, channels: int) -> Cost:
    """`shape` is where the block ends, at half the resolution it begins with, which is padded."""
    return linear_cost(shape.side**2, 9 * channels, channels) + keeps(((2 * shape.side + 1) ** 2, channels))


def _conv_up(shape: Shape, channels: int) -> Cost:
    return _plain_conv(shape, channels, channels, 3)


def _group_norm_head(shape: Shape, in_channels: int, out_channels: int, groups: int) -> Cost:
    return _group_normed(shape.side**2, in_channels, groups) + _plain_conv(shape, in_channels, out_channels, 3)


def _code_book(shape: Shape, codes: int, width: int, averaged: bool, **others: Value) -> Cost:
    """The distances to all codes; what is kept is the vectors and their codes."""
    rows = shape.side**2
    return Cost(0 if averaged else codes * width, 2 * rows * codes * width) + keeps((rows, 2 * width))


def _linear_code_book(shape: Shape, codes: int, width: int, **others: Value) -> Cost:
    """The distances to all codes; the layer goes over the book once, for however many images."""
    rows = shape.side**2
    return Cost(width * width, 2 * rows * codes * width) + keeps((rows, 2 * width))


def _finite_scalar(shape: Shape, levels: str) -> Cost:
    return keeps((shape.side**2, levels.count(",") + 1))


def _sign(shape: Shape, width: int, **others: Value) -> Cost:
    return keeps((shape.side**2, 4 * width))


CODE_COSTS: dict[str, Callable[..., Cost]] = {
    "code_map": _code_map,
    "code_tokens": _code_tokens,
    "plain_conv": _plain_conv,
    "group_norm_residual": _group_norm_residual,
    "group_norm_attention": _group_norm_attention,
    "padded_conv_down": _padded_conv_down,
    "conv_up": _conv_up,
    "group_norm_head": _group_norm_head,
    "code_book": _code_book,
    "linear_code_book": _linear_code_book,
    "finite_scalar": _finite_scalar,
    "sign": _sign,
}
