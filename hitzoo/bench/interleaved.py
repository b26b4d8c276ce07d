"""Interleaved timing, A B C, A B C, …: a machine that is busy now and idle later is so for every variant."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hitzoo.bench.failures import MAY_FAIL, reraise
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


@dataclass(kw_only=True)
class Series:
    """One kind of call while it is measured; `failure` is why it takes no further turn."""

    call: SamplingCall
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    failure: str | None = None


class Turns:
    """Kinds of calls that take turns; `runners` by variant make them.

    `after_call` is called after every call, of which `calls_made` counts all, also those that were left out.

    `excuse` is given the error of a call, among those of `MAY_FAIL`: it returns the reason for which that kind takes no
    further turn, or raises the error, as it does by default.
    """

    def __init__(
        self,
        calls: Sequence[SamplingCall],
        runners: Mapping[str, CallTimer] | None = None,
        *,
        excuse: Callable[[BaseException], str] = reraise,
    ) -> None:
        self.series = [Series(call=call) for call in calls]
        self.runners: Mapping[str, CallTimer] = runners or {}
        self.calls_made = 0
        self.after_call: Callable[[], None] = lambda: None
        self._excuse = excuse

    def warm_up(self, calls: int) -> None:
        """Measure the memory of one call of each kind, and make so many more that are not timed."""
        for series in self.series:
            self._turn(series, lambda one, runner: setattr(one, "peak_bytes", runner.peak_bytes(one.call)))
        for _ in range(calls):
            for series in self.series:
                self._turn(series, lambda one, runner: runner.seconds(one.call))

    def take(self) -> None:
        """Time one call of each kind."""
        for series in self.series:
            self._turn(series, lambda one, runner: one.seconds.append(runner.seconds(one.call)))

    def _turn(self, series: Series, work: Callable[[Series, CallTimer], object]) -> None:
        if series.failure is None:
            try:
                work(series, self.runners[series.call.variant])
            except MAY_FAIL as error:
                series.failure = self._excuse(error)
        self.calls_made += 1
        self.after_call()


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
    turns = Turns(calls, runners)
    turns.warm_up(warm_up)
    turns.after_call = lambda: progress(sum(len(series.seconds) for series in turns.series), repeats * len(calls))
    for _ in range(repeats):
        turns.take()
    return [
        CallTiming(call=series.call, seconds=tuple(series.seconds), peak_bytes=series.peak_bytes)
        for series in turns.series
    ]


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """First and third quartile; a single value is both."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def speedups(slow: Sequence[float], fast: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Speedup per round: median and quartiles. Of a round that has ended after one of the two, the other is left."""
    found = [long / short for long, short in zip(slow, fast, strict=False)]
    return statistics.median(found), quartiles(found)
