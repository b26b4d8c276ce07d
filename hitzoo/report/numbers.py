"""Numbers in the words of a page."""

from __future__ import annotations

import math
from collections.abc import Sequence


def short(value: float | None) -> str:
    """Write a number with three digits: `0.0123`, `1.25`, `12,300`; nothing for none."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def count(value: int, what: str) -> str:
    """Write a count: `1 run`, `2 runs`."""
    return f"{value:,} {what}{'' if value == 1 else 's'}"


def duration(seconds: float) -> str:
    """Write a time: `1 h 02 min`, `2 min 03 s`, `12 s`."""
    whole = int(seconds) if math.isfinite(seconds) else 0
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"


def scaled(value: float, unit: str = "") -> str:
    """Write a large number by powers of 1000: `46.2 M`, `1.2 GB`; nothing for 0."""
    if not value:
        return ""
    power = 0
    while value >= 999.5 and power < len(_PREFIXES) - 1:
        value, power = value / 1000, power + 1
    return f"{value:.3g} {_PREFIXES[power]}{unit}".rstrip()


_PREFIXES: Sequence[str] = ("", "k", "M", "G", "T", "P")
