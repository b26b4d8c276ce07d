"""From a spec's number or schedule to a value by the images seen."""

from __future__ import annotations

from typing import Any

from hitzoo.objectives.schedule import Cosine, Linear, Number
from hitzoo.spec import number


def number_of(value: number.Number) -> Number:
    """Return a number as it is, and a spec's schedule as one."""
    if not isinstance(value, number.ScheduleSpec):
        return value
    shape: Any = {"cosine": Cosine, "linear": Linear}[value.shape]
    made: Number = shape(value.from_, value.to, value.images, value.start)
    return made
