"""From a spec's number or schedule to a value by the images seen."""

from __future__ import annotations

from typing import Any

from hitzoo.errors import ArgumentError
from hitzoo.objectives.schedule import Cosine, Linear, Number
from hitzoo.spec import number


def number_of(value: number.PenaltyWeight) -> Number:
    """Return a number as it is, and a spec's schedule as one.

    Raises:
        ArgumentError: it is `auto`, which depends on the whole spec.
    """
    if value == "auto":
        raise ArgumentError("weight", value, "give a number, or read the spec by load_spec, which chooses one")
    if not isinstance(value, number.ScheduleSpec):
        return value
    shape: Any = {"cosine": Cosine, "linear": Linear}[value.shape]
    made: Number = shape(value.from_, value.to, value.images, value.start)
    return made
