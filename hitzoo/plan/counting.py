"""Counts of parameters, FLOPs and activations, and the parts that blocks are counted from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Cost of a block: trainable parameters, FLOPs per image, and activations kept per image for the backward pass."""

    parameters: int = 0
    flops: int = 0
    activations: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.flops + other.flops, self.activations + other.activations)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Map size at a block: `side`² positions, as `grid`² blocks of `block`² pixels, with `tokens` latent tokens."""

    side: int
    block: int = 0
    grid: int = 0
    tokens: int = 0


def total(costs: Iterable[Cost]) -> Cost:
    """Sum costs."""
    return sum(costs, Cost())


def linear_cost(rows: int, inner: int, outer: int, *, bias: bool = True) -> Cost:
    """Cost of a linear layer."""
    return Cost(inner * outer + (outer if bias else 0), 2 * rows * inner * outer)


def keeps(*maps: tuple[int, float]) -> Cost:
    """Count activations kept as maps of (rows, width)."""
    return Cost(activations=round(sum(rows * width for rows, width in maps)))


def norm_cost(rows: int, channels: int, kind: str) -> Cost:
    """Cost of a norm, which keeps its input; layer norm also a mean and a deviation per row, pixel norm a deviation."""
    if kind == "none":
        return Cost()
    kept = {"batch": 0, "layer": 2, "pixel": 1}[kind]
    return Cost(0 if kind == "pixel" else 2 * channels) + keeps((rows, channels + kept))


def mlp_cost(shape: Shape, channels: int, norm: str, expansion: int) -> Cost:
    """Cost of an MLP block on a map."""
    return mlp_cost_of_rows(shape.side**2, channels, norm, expansion)


def mlp_cost_of_rows(rows: int, channels: int, norm: str, expansion: int) -> Cost:
    """Cost of an MLP block with its norm on so many positions."""
    hidden = expansion * channels
    layers = linear_cost(rows, channels, hidden) + linear_cost(rows, hidden, channels)
    return (
        norm_cost(rows, channels, norm) + layers + keeps((rows, channels), (rows, 2 * hidden))
    )  # before and after gelu
