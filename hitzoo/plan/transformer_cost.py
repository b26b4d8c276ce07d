"""Costs of the transformer blocks of TransGAN's networks, and of the two ends of its discriminator."""

from __future__ import annotations

from collections.abc import Callable

from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost, mlp_cost, mlp_cost_of_rows, norm_cost

_KEYS: dict[str, Callable[[Shape], float]] = {
    "regional": lambda shape: shape.block**2,
    "global": lambda shape: shape.side**2,
    "axial": lambda shape: shape.side,
}
"""Positions that a head sees."""


def transformer(
    shape: Shape,
    channels: int,
    heads: int,
    norm: str,
    expansion: int,
    attention: str = "global",
    block_size: int = 0,
    position_side: int = 0,
    noise: bool = False,
    number: int = 0,
    token_channels: int = 0,
) -> Cost:
    """Cost of a transformer block."""
    rows = shape.side**2
    core = _attention_core(attention, shape, rows, channels, heads)
    layers = linear_cost(rows, channels, 3 * channels, bias=False) + linear_cost(rows, channels, channels)
    learned = Cost((2 * position_side - 1) ** 2 * heads if position_side else 0) + Cost(1 if noise else 0)
    memory = _memory_attention(shape, channels, heads, token_channels, noise) if token_channels else Cost()
    around = norm_cost(rows, channels, norm) + keeps((rows, channels + (1 if noise else 0)))
    return memory + around + layers + core + learned + mlp_cost(shape, channels, norm, expansion)


def _attention_core(attention: str, shape: Shape, rows: int, channels: int, heads: int) -> Cost:
    """Cost of q·k and weights·v, and what it keeps: queries, keys, values, its output twice, softmax sums."""
    if attention == "nystrom":
        return _nystrom(rows, channels, heads)
    keys = _KEYS[attention](shape)
    return Cost(0, round(4 * rows * keys * channels)) + keeps((rows, 5 * channels + heads))


def _nystrom(rows: int, channels: int, heads: int, landmarks: int = 64, iterations: int = 6) -> Cost:
    """Cost of three score matrices, the iterated inverse, and the way back from the values."""
    m = min(landmarks, rows)
    scores = 2 * channels * (rows * m + m * m + rows * m)
    inverse = 2 * heads * m**3 * 4 * iterations
    back = 2 * channels * (rows * m + m * m + rows * m)
    return Cost(0, scores + inverse + back) + keeps((rows, 4 * channels + 2 * heads * m))


def _memory_attention(shape: Shape, channels: int, heads: int, token_channels: int, noise: bool) -> Cost:
    rows, tokens = shape.side**2, shape.tokens
    of_map = linear_cost(rows, channels, channels, bias=False) + linear_cost(rows, channels, channels)
    of_tokens = linear_cost(tokens, token_channels, channels, bias=False)
    core = Cost(1 if noise else 0, 4 * rows * tokens * channels)
    kept = keeps((rows, 4 * channels + heads), (tokens, 2 * channels))
    return of_map + of_tokens + of_tokens + core + kept


def patch_embedding(shape: Shape, image_channels: int, channels: int, kernel: int, stride: int) -> Cost:
    """Cost of a convolution that makes patches; `shape` is the map of them."""
    rows, pixels = shape.side**2, (shape.side * stride) ** 2
    return linear_cost(rows, kernel * kernel * image_channels, channels) + keeps((pixels, image_channels))


def token_head(
    shape: Shape, channels: int, heads: int, norm: str, expansion: int, noise: bool = False, number: int = 0
) -> Cost:
    """Cost of a discriminator's end; `shape` is the map that the token joins."""
    rows = shape.side**2 + 1
    core = Cost(0, 4 * rows * rows * channels) + keeps((rows, 5 * channels + heads), (shape.side**2, channels))
    layers = linear_cost(rows, channels, 3 * channels, bias=False) + linear_cost(rows, channels, channels)
    around = norm_cost(rows, channels, norm) + keeps((rows, channels + (1 if noise else 0)))
    mlp = mlp_cost_of_rows(rows, channels, norm, expansion)
    end = norm_cost(1, channels, norm) + linear_cost(1, channels, 1) + keeps((1, channels))
    return Cost(channels + (1 if noise else 0)) + around + layers + core + mlp + end
