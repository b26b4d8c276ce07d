"""A number of a spec that may follow a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec:
    """A number that goes from one value to another over so many real `images`, beginning after `start` of them."""

    from_: float
    to: float
    images: int
    shape: Literal["cosine", "linear"] = "cosine"
    start: int = 0


Number: TypeAlias = float | ScheduleSpec
"""A number, or one that follows a schedule."""

PenaltyWeight: TypeAlias = Number | Literal["auto"]
"""A weight, or the word for the one by resolution and batch; a spec that was read has the number."""
