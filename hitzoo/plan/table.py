"""A network as rows to print, each with its cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from hitzoo.plan.cost import Cost, Shape, cost, total
from hitzoo.plan.types import BlockPlan


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `name` is the module path; what does not apply is 0 or empty."""

    name: str
    resolution: int
    channels: int
    attention: str = ""
    block_size: int = 0
    grid_size: int = 0
    heads: int = 0
    depth: int = 0
    to_rgb: bool = False
    cost: Cost


class Listed(Protocol):
    """Anything with rows: a network's plan."""

    def rows(self) -> Iterable[Row]:
        """Lines whose costs add up to the whole."""


def block_row(part: BlockPlan, side: int, channels: int) -> Row:
    """The row of a block that stands by itself, on a map of `side`² positions."""
    return Row(name=part.name, resolution=side, channels=channels, cost=cost(part, Shape(side=side)))


def network_cost(plan: Listed) -> Cost:
    """Parameters, FLOPs and activations of a whole network."""
    return total(row.cost for row in plan.rows())
