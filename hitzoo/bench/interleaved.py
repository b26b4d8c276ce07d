"""Interleaved timing, A B C, A B C, …: a machine that is busy now and idle later is so for every variant."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hitzoo.bench.subprocess_runner import CallTimer
from hitzoo.bench.variants import SamplingCall


@dataclass(frozen=True, kw_only=True)
class CallTiming:
    """Timing of one kind of call: seconds per round, and peak bytes besides weights."""

    call: SamplingCall
    seconds: tuple[float, ...]
    peak_bytes: int

    @property
    def median(self) -> float:
        """Median seconds per call."""
        return statistics.median(self.seconds)


def time_interleaved(
    calls: Sequence[SamplingCall],
    runners: Mapping[str, CallTimer],
    *,
    repeats: int,
    warm_up: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[CallTiming]:
    """Time one call of each kind per round, for `repeats` rounds; `runners` by variant make them.

    Before that, one call of each kind measures its memory, and `warm_up` more are not timed.
    """
    peaks = [runners[call.variant].peak_bytes(call) for call in calls]
    for _ in range(warm_up):
        for call in calls:
            runners[call.variant].seconds(call)
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(repeats):
        for place, call in enumerate(calls):
            times[place].append(runners[call.variant].seconds(call))
            progress(turn * len(calls) + place + 1, repeats * len(calls))
    return [
        CallTiming(call=call, seconds=tuple(taken), peak_bytes=peak)
        for call, taken, peak in zip(calls, times, peaks, strict=True)
    ]


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """First and third quartile; a single value is both."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def speedups(slow: Sequence[float], fast: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Speedup per round: median and quartiles."""
    found = [long / short for long, short in zip(slow, fast, strict=True)]
    return statistics.median(found), quartiles(found)
