"""Numbers of a spec, and schedules, in words."""

from __future__ import annotations

from hitzoo.spec.number import PenaltyWeight, ScheduleSpec


def number_in_words(number: PenaltyWeight, factor: float = 1) -> str:
    """Return `10`, or `150 to 15 over 20,000,000 images`."""
    if not isinstance(number, ScheduleSpec):
        return ends_in_words(number, factor)
    start = f" from image {number.start:,}" if number.start else ""
    return f"{ends_in_words(number, factor)} over {number.images:,} images{start}"


def ends_in_words(number: PenaltyWeight, factor: float = 1) -> str:
    """Return `10`, or `150 to 15`; `auto` is a weight that nobody has chosen yet."""
    if number == "auto":
        return number
    if not isinstance(number, ScheduleSpec):
        return _plain(number * factor)
    return f"{_plain(number.from_ * factor)} to {_plain(number.to * factor)}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 and value == int(value) else f"{value:g}"
