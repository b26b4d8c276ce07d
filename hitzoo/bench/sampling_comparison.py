"""Speed of several generators: calls of many images and of one, interleaved."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import torch

from hitzoo.bench.contender import Contender
from hitzoo.bench.failures import reason_of_failure
from hitzoo.bench.interleaved import Series, Turns, quartiles, speedups
from hitzoo.bench.sampling import warm_up_calls
from hitzoo.bench.subprocess_runner import CallTimer, variant_runners
from hitzoo.bench.time_budget import TimeBudget
from hitzoo.bench.variants import SamplingCall
from hitzoo.errors import RunError
from hitzoo.plan.table import network_cost
from hitzoo.runtime.allocator import release_memory
from hitzoo.runtime.free_memory import free_memory

_FLOAT32 = 4  # bytes
_COPIES = 2  # of the weights, while a network is made from a generator


class SamplingComparison:
    """Times one call of `batch` images of each contender, then one of a single image of each, round by round."""

    def __init__(
        self, contenders: Sequence[Contender], *, device: torch.device, batch: int, variant: str, precision: str
    ) -> None:
        self._device, self._variant = device, variant
        self._turns = Turns(
            [
                SamplingCall(plan=one.plan, variant=variant, precision=precision, batch=images)
                for images in dict.fromkeys((batch, 1))
                for one in contenders
            ],
            excuse=reason_of_failure,
        )
        self._many, self._single = self._turns.series[: len(contenders)], self._turns.series[-len(contenders) :]

    def run(
        self,
        *,
        repeats: int,
        budget: TimeBudget,
        share: float,
        after_round: Callable[[], None],
        progress: Callable[[int, int], None],
    ) -> None:
        """Measure, within a share of what is left of the budget; on a CPU the call that tells the memory warms up."""
        turns, warm_up = self._turns, warm_up_calls(self._device) if self._device.type == "cuda" else 0
        total = (1 + warm_up + repeats) * len(turns.series)
        turns.after_call = lambda: progress(turns.calls_made, total)
        with variant_runners([self._variant], self._device) as runners:
            turns.runners = {name: _WithRoom(runner, self._device) for name, runner in runners.items()}
            turns.warm_up(warm_up)
            for _ in budget.rounds(repeats, share=share):
                turns.take()
                after_round()
        turns.runners = {}
        release_memory(self._device)

    def row(self, index: int) -> dict[str, Any]:
        """Return what is known of one contender; ratios are to the first one that runs, round by round."""
        many, single = self._many[index], self._single[index]
        row: dict[str, Any] = {}
        if many.seconds:
            row["sampling"] = _throughput(many, self._base())
        if single.seconds:
            row["latency"] = {
                "milliseconds": 1e3 * statistics.median(single.seconds),
                "milliseconds_quartiles": [1e3 * value for value in quartiles(single.seconds)],
                "seconds": list(single.seconds),
            }
        failures = {"sampling": many.failure} | ({"latency": single.failure} if single is not many else {})
        errors = {part: failure for part, failure in failures.items() if failure is not None}
        return row | ({"errors": errors} if errors else {})

    def _base(self) -> Series:
        return next(series for series in self._many if series.seconds)


def _throughput(series: Series, base: Series) -> dict[str, Any]:
    ratio, spread = speedups(base.seconds, series.seconds)
    speeds = [series.call.batch / taken for taken in series.seconds]
    return {
        "images_per_second": statistics.median(speeds),
        "images_per_second_quartiles": list(quartiles(speeds)),
        "ratio": ratio,
        "ratio_quartiles": list(spread),
        "peak_bytes": series.peak_bytes,
        "seconds": list(series.seconds),
    }


class _WithRoom:
    """Makes a network on a CPU only if its weights have room: there the system ends a process whose memory is full."""

    def __init__(self, runner: CallTimer, device: torch.device) -> None:
        self._runner, self._device = runner, device
        self._made: set[str] = set()

    def seconds(self, call: SamplingCall) -> float:
        return self._runner.seconds(call)

    def peak_bytes(self, call: SamplingCall) -> int:
        needs = _COPIES * _FLOAT32 * network_cost(call.plan.generator).parameters
        made = call.plan.generator_hash in self._made
        if self._device.type != "cuda" and not made and needs > (free := free_memory()):
            raise RunError(f"out of memory: its weights take {needs:,} bytes, and {free:,} are free")
        self._made.add(call.plan.generator_hash)
        return self._runner.peak_bytes(call)
