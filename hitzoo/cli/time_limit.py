"""Durations as typed: `90s`, `45m`, `2h`, `1h30m`, `2d`."""

from __future__ import annotations

import re

from hitzoo.errors import RequestError

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "min": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)\s*")


def parse_duration(text: str, option: str) -> float:
    """Parse a duration to seconds.

    Raises:
        RequestError: it is not a duration, or it is zero.
    """
    seconds, position = 0.0, 0
    word = text.strip().lower()
    while position < len(word) and (match := _PART.match(word, position)):
        seconds += float(match[1]) * _SECONDS[match[2]]
        position = match.end()
    if position < len(word) or not 0 < seconds < float("inf"):
        raise RequestError(f"{option} {text}: give a duration, for example 90s, 45m, 2h, 1h30m or 2d")
    return seconds
