"""Calls of several kinds in turns: A B C, A B C, …: a machine that is busy now and idle later is so for all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hitzoo.bench.subprocess_runner import Calls
from hitzoo.bench.variants import Call

_WARM_UP = 1  # calls of each kind that are not timed, after the one whose memory is counted


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One kind of call: seconds by turn, and the most bytes that it held besides weights."""

    call: Call
    seconds: tuple[float, ...]
    peak_bytes: int

    @property
    def median(self) -> float:
        """Seconds of a call."""
        return statistics.median(self.seconds)


def in_turns(
    calls: Sequence[Call],
    callers: Mapping[str, Calls],
    *,
    repeats: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timed]:
    """Time one call of each kind, `repeats` times over; `callers` make them, by path."""
    peaks = [callers[call.path].peak_bytes(call) for call in calls]
    for _ in range(_WARM_UP):
        for call in calls:
            callers[call.path].seconds(call)
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(repeats):
        for place, call in enumerate(calls):
            times[place].append(callers[call.path].seconds(call))
            progress(turn * len(calls) + place + 1, repeats * len(calls))
    return [
        Timed(call=call, seconds=tuple(taken), peak_bytes=peak)
        for call, taken, peak in zip(calls, times, peaks, strict=True)
    ]


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """The first and the third; of one value itself."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def ratios(slow: Sequence[float], fast: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """How many times as fast, turn by turn: the median and the quartiles."""
    found = [long / short for long, short in zip(slow, fast, strict=True)]
    return statistics.median(found), quartiles(found)
