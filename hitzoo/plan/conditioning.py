"""Costs of the ways in which a style enters a part of a block: its norm, and what it does to the layers around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from hitzoo.plan.counting import Cost, keeps, linear_cost

ConditioningWord = Literal["adain", "self_modulated", "adaln", "modulated"]
"""The kinds of conditioning (`hitzoo.layers.conditioning.CONDITIONINGS`)."""


def _adain(rows: int, channels: int, style_dim: int, outputs: int) -> Cost:
    """Cost of an adaptive instance norm, which keeps its input without its mean, and factors."""
    return linear_cost(1, style_dim, 2 * channels) + keeps((rows, channels), (1, 4 * channels))


def _self_modulated(rows: int, channels: int, style_dim: int, outputs: int) -> Cost:
    """Cost of a norm that keeps its input, its result, a mean and a deviation per position, and factors."""
    return linear_cost(1, style_dim, 2 * channels) + keeps((rows, 2 * channels + 2), (1, channels))


def _adaln(rows: int, channels: int, style_dim: int, outputs: int) -> Cost:
    """Cost of the same, which keeps the part's update besides, and the style after its rectifier, twice each."""
    kept = keeps((rows, 3 * channels + 2), (1, 4 * channels + 2 * style_dim))
    return linear_cost(1, style_dim, 3 * channels) + Cost(0, 2 * style_dim * 3 * channels) + kept


def _modulated(rows: int, channels: int, style_dim: int, outputs: int) -> Cost:
    """Cost of a norm and of demodulation, which keeps the product before it."""
    style = linear_cost(1, style_dim, channels) + Cost(0, 2 * style_dim * channels + 2 * channels * outputs)
    return style + keeps((rows, 2 * channels + 2 + outputs), (1, 3 * channels + outputs))


CONDITIONING_COSTS: Final[dict[str, Callable[[int, int, int, int], Cost]]] = {
    "adain": _adain,
    "self_modulated": _self_modulated,
    "adaln": _adaln,
    "modulated": _modulated,
}
"""By the word of a plan: cost on so many positions, of channels, a style's width and the outputs of the layer after."""
