"""Rules for the values of arguments, each refused by its name."""

from __future__ import annotations

from math import inf
from numbers import Integral, Real
from typing import Any

from hitzoo.errors import ArgumentError


def whole_number(name: str, value: Any, least: int) -> int:
    """Return the value as an `int`, of Python's or NumPy's integers.

    Raises:
        ArgumentError: it is no whole number, or below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ArgumentError(name, value, f"give a whole number, {least} or more")
    return int(value)


def positive_number(name: str, value: Any, unit: str = "a number") -> float:
    """Return the value as a `float`.

    Raises:
        ArgumentError: it is no number, or not positive and finite.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < inf:
        raise ArgumentError(name, value, f"give {unit}, more than 0")
    return float(value)
