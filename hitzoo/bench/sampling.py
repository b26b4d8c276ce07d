"""Sampling speed of a generator: each variant in each precision, interleaved, against the device's ceilings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from hitzoo.bench.ceilings import Ceilings, measure_ceilings
from hitzoo.bench.interleaved import CallTiming, quartiles, speedups, time_interleaved
from hitzoo.bench.roofline import least_seconds
from hitzoo.bench.subprocess_runner import variant_runners
from hitzoo.bench.variants import DEFAULT_VARIANTS, SamplingCall
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.cuda_graph import CAPTURED_CALL
from hitzoo.runtime.precision import PRECISIONS

_MANY = {"cpu": 4, "cuda": 16}  # batch where throughput counts


def warm_up_calls(device: torch.device) -> int:
    """Return the calls that are not timed: on CUDA up to the one after the capture."""
    return CAPTURED_CALL if device.type == "cuda" else 1


def default_batch(device: torch.device) -> int:
    """Default batch on a device, for throughput; batch 1 measures latency."""
    return _MANY.get(device.type, _MANY["cpu"])


@dataclass(frozen=True, kw_only=True)
class SamplingRun:
    """Result of one variant in one precision at one batch.

    `speedup` is the time of plain float32 (else of the first run) at the same batch over its own, turn by turn: the
    median, with quartiles. `share_of_bound` is the time that `hitzoo.bench.roofline` allows over the median, None
    where the family does not count the bytes it moves.
    """

    timed: CallTiming
    speedup: float
    speedup_quartiles: tuple[float, float]
    share_of_bound: float | None

    @property
    def images_per_second(self) -> float:
        """Images per second at the median."""
        return self.timed.call.batch / self.timed.median

    def to_json(self) -> dict[str, Any]:
        """Return plain data; `latency_ms` is the time of one call with the whole batch."""
        call = self.timed.call
        return {
            "path": call.variant,
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
    variants: Sequence[str] = DEFAULT_VARIANTS,
    precisions: Sequence[str] = tuple(PRECISIONS),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[SamplingRun], Ceilings]:
    """Time every variant × precision at every batch, interleaved; measure the ceilings before and after."""
    kinds = [(batch, precision, variant) for batch in batches for precision in precisions for variant in variants]
    calls = [
        SamplingCall(plan=plan, variant=variant, precision=precision, batch=batch)
        for batch, precision, variant in kinds
    ]
    before = measure_ceilings(device)
    with variant_runners(variants, device) as by_path:
        timings = time_interleaved(calls, by_path, repeats=repeats, warm_up=warm_up_calls(device), progress=progress)
    ceilings = measure_ceilings(device).or_better(before)
    return [_run(timed, _base(timed, timings), ceilings) for timed in timings], ceilings


def _base(timed: CallTiming, timings: Sequence[CallTiming]) -> CallTiming:
    """Baseline of a run: the first of its batch, which is plain float32 where that is measured."""
    return next(other for other in timings if other.call.batch == timed.call.batch)


def _run(timed: CallTiming, base: CallTiming, ceilings: Ceilings) -> SamplingRun:
    call = timed.call
    speedup, spread = speedups(base.seconds, timed.seconds)
    share = None
    if call.plan.generator.traffic():
        least = call.batch * least_seconds(call.plan.generator, ceilings, precision=call.precision, batch=call.batch)
        share = least / timed.median
    return SamplingRun(timed=timed, speedup=speedup, speedup_quartiles=spread, share_of_bound=share)
