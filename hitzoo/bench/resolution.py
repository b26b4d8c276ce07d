"""Cost against resolution: one generator, truncated after each of its stages, timed at every size.

Zhao et al. 2021 claim a cost that is nearly linear in the number of pixels (abstract and section 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from hitzoo.bench.interleaved import CallTiming, time_interleaved
from hitzoo.bench.subprocess_runner import variant_runners
from hitzoo.bench.variants import SamplingCall
from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_generator
from hitzoo.families.registry import family_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.table import network_cost
from hitzoo.spec.types import Spec


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Growth of one variant in one precision: the exponent e of time ∝ pixels^e, fitted over all sizes.

    `exponent_at_the_end` is fitted over the two largest: low-resolution stages are the same in every size and weigh
    less there.
    """

    variant: str
    precision: str
    exponent: float
    exponent_at_the_end: float

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "path": self.variant,
            "precision": self.precision,
            "exponent": self.exponent,
            "exponent_at_the_end": self.exponent_at_the_end,
        }


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Times by size, their growth, and the exponent of the FLOPs."""

    timings: tuple[CallTiming, ...]
    growths: tuple[Growth, ...]
    flops_exponent: float

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "runs": [_to_json(timed) for timed in self.timings],
            "exponents": [growth.to_json() for growth in self.growths],
            "flops_exponent": self.flops_exponent,
        }


def truncated_plans(spec: Spec, smallest: int) -> list[ModelPlan]:
    """Plan a spec's generator truncated after each stage, from `smallest` pixels per side on; no discriminator.

    Each is the beginning of the next: hit-b-ffhq1024 ended at 256 is the generator of hit-b-ffhq256.

    Raises:
        RequestError: that leaves fewer than two sizes, or the family has no smaller ones.
    """
    family = family_of("generator", spec.generator.family)
    if family.ended is None:
        raise RequestError(f"{spec.name}: a generator of the family {family.name} has no smaller ones in it")
    free = replace(spec, data=replace(spec.data, resolution=None))
    plans = [compile_generator(replace(free, generator=own)) for own in family.ended(spec.generator)]
    wanted = [plan for plan in plans if plan.resolution >= smallest]
    if len(wanted) < 2:
        raise RequestError(
            f"--smallest {smallest}: an exponent needs two sizes or more; those of {spec.name} are"
            f" {', '.join(str(plan.resolution) for plan in plans)}"
        )
    return wanted


def bench_resolutions(
    plans: Sequence[ModelPlan],
    *,
    variants: Sequence[str],
    precisions: Sequence[str],
    batch: int,
    repeats: int,
    device: torch.device,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Scaling:
    """Time every size by every variant in every precision, interleaved."""
    kinds = [(precision, variant) for precision in precisions for variant in variants]
    calls = [
        SamplingCall(plan=plan, variant=variant, precision=precision, batch=batch)
        for plan in plans
        for precision, variant in kinds
    ]
    with variant_runners(variants, device) as by_path:
        timings = time_interleaved(calls, by_path, repeats=repeats, progress=progress)
    pixels = [plan.resolution**2 for plan in plans]
    return Scaling(
        timings=tuple(timings),
        growths=tuple(
            _growth(variant, precision, pixels, _medians(timings, variant, precision)) for precision, variant in kinds
        ),
        flops_exponent=exponent(pixels, [network_cost(plan.generator).flops for plan in plans]),
    )


def exponent(pixels: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of log cost over log pixels, by least squares."""
    x, y = ([math.log(value) for value in values] for values in (pixels, costs))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    along = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return along / sum((a - middle_x) ** 2 for a in x)


def _growth(variant: str, precision: str, pixels: Sequence[float], times: Sequence[float]) -> Growth:
    return Growth(
        variant=variant,
        precision=precision,
        exponent=exponent(pixels, times),
        exponent_at_the_end=exponent(pixels[-2:], times[-2:]),
    )


def _medians(timings: Sequence[CallTiming], variant: str, precision: str) -> list[float]:
    return [timed.median for timed in timings if (timed.call.variant, timed.call.precision) == (variant, precision)]


def _to_json(timed: CallTiming) -> dict[str, Any]:
    call = timed.call
    return {
        "resolution": call.plan.resolution,
        "path": call.variant,
        "precision": call.precision,
        "batch": call.batch,
        "flops": network_cost(call.plan.generator).flops,
        "latency_ms": 1e3 * timed.median,
        "milliseconds_per_image": 1e3 * timed.median / call.batch,
        "peak_bytes": timed.peak_bytes,
        "seconds": list(timed.seconds),
    }
