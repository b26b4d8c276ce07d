"""How fast a generator makes images here: each path in each precision, in turns, beside what the device could do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from hitzoo.bench.ceilings import Ceilings, measure_ceilings
from hitzoo.bench.interleaved import Timed, in_turns, quartiles, ratios
from hitzoo.bench.roofline import least_seconds
from hitzoo.bench.subprocess_runner import callers
from hitzoo.bench.variants import DEFAULT_PATHS, Call
from hitzoo.families.compile import ModelPlan
from hitzoo.runtime.precision import PRECISIONS

_MANY = {"cpu": 4, "cuda": 16}  # images at once where throughput counts


def default_batch(device: torch.device) -> int:
    """The batch whose throughput counts on a device; at 1 it is the latency that does."""
    return _MANY.get(device.type, _MANY["cpu"])


@dataclass(frozen=True, kw_only=True)
class SamplingRun:
    """One path in one precision at one batch.

    `speedup` is the time of plain float32 (else of the first run) at the same batch over its own, turn by turn: the
    median, with quartiles. `share_of_bound` is the time that `hitzoo.bench.roofline` allows over the median.
    """

    timed: Timed
    speedup: float
    speedup_quartiles: tuple[float, float]
    share_of_bound: float

    @property
    def images_per_second(self) -> float:
        """At the median of the turns."""
        return self.timed.call.batch / self.timed.median

    def to_json(self) -> dict[str, Any]:
        """As plain data; `latency_ms` is the time of one call with the whole batch."""
        call = self.timed.call
        return {
            "path": call.path,
            "precision": call.precision,
            "batch": call.batch,
            "images_per_second": self.images_per_second,
            "latency_ms": 1e3 * self.timed.median,
            "peak_bytes": self.timed.peak_bytes,
            "share_of_bound": self.share_of_bound,
            "latency_ms_quartiles": [1e3 * value for value in quartiles(self.timed.seconds)],
            "speedup": self.speedup,
            "speedup_quartiles": list(self.speedup_quartiles),
            "seconds": list(self.timed.seconds),
        }


def bench_sampling(
    plan: ModelPlan,
    *,
    batches: Sequence[int],
    repeats: int,
    device: torch.device,
    paths: Sequence[str] = DEFAULT_PATHS,
    precisions: Sequence[str] = tuple(PRECISIONS),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[SamplingRun], Ceilings]:
    """Every path × precision at every batch, in turns; and the ceilings, measured before and after."""
    kinds = [(batch, precision, path) for batch in batches for precision in precisions for path in paths]
    calls = [Call(plan=plan, path=path, precision=precision, batch=batch) for batch, precision, path in kinds]
    before = measure_ceilings(device)
    with callers(paths, device) as by_path:
        timings = in_turns(calls, by_path, repeats=repeats, progress=progress)
    ceilings = measure_ceilings(device).or_better(before)
    return [_run(timed, _base(timed, timings), ceilings) for timed in timings], ceilings


def _base(timed: Timed, timings: Sequence[Timed]) -> Timed:
    """What a run's speed is held against: the first of its batch, which is plain float32 where that was wanted."""
    return next(other for other in timings if other.call.batch == timed.call.batch)


def _run(timed: Timed, base: Timed, ceilings: Ceilings) -> SamplingRun:
    call = timed.call
    speedup, spread = ratios(base.seconds, timed.seconds)
    least = call.batch * least_seconds(call.plan.generator, ceilings, precision=call.precision, batch=call.batch)
    return SamplingRun(timed=timed, speedup=speedup, speedup_quartiles=spread, share_of_bound=least / timed.median)
