"""Bounds of what somebody else wrote: no value of ours is deeper, longer or larger, and ours is all that is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 32  # as a spec's text
_MOST_VALUES = 20_000
_LARGEST = 1 << 63  # of a size or a shape


def beyond(value: Any) -> str:
    """Describe what is too much in data that was read as JSON; empty where it could be ours. Without recursion."""
    rows, count = [(value, 1)], 0
    while rows:
        inner, depth = rows.pop()
        count += 1
        if depth > _DEEPEST:
            return "it is nested deeper than ours can be"
        if count > _MOST_VALUES:
            return f"it holds more than {_MOST_VALUES:,} values"
        if isinstance(inner, Mapping):
            rows += [(item, depth + 1) for item in inner.values()]
        elif isinstance(inner, list):
            rows += [(item, depth + 1) for item in inner]
    return ""


def as_size(value: Any) -> int | None:
    """A number of bytes or of elements; None where it is none."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < _LARGEST else None


def as_shape(value: Any) -> tuple[int, ...] | None:
    """The shape of a tensor; None where it is none."""
    if not isinstance(value, list | tuple) or len(value) > _DEEPEST:
        return None
    sizes = [size for item in value if (size := as_size(item)) is not None]
    return tuple(sizes) if len(sizes) == len(value) else None
