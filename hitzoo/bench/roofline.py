"""Roofline of a generator on a device: no stage is faster than its FLOPs or its bytes allow."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.bench.ceilings import Ceilings
from hitzoo.errors import RequestError
from hitzoo.plan.network import NetworkPlan
from hitzoo.plan.traffic import Traffic
from hitzoo.runtime.precision import PRECISIONS

BOUND_MODEL = "mlp"
"""The byte model of `share_of_bound`: a bound for kernels of up to an MLP. A path that keeps more than that on the
chip, as small pieces of a map in a cache, can pass it where bandwidth limits."""


@dataclass(frozen=True, kw_only=True)
class StageBound:
    """Bound of one row of the generator's table: least seconds per image for its FLOPs, and for its bytes."""

    name: str
    resolution: int
    flops: int
    bytes: float
    by_compute: float
    by_bandwidth: float

    @property
    def seconds(self) -> float:
        """Longer of the two: compute and memory traffic can overlap."""
        return max(self.by_compute, self.by_bandwidth)

    @property
    def limit(self) -> str:
        """Name of the longer one."""
        return "compute" if self.by_compute >= self.by_bandwidth else "bandwidth"


def bounds(
    plan: NetworkPlan, ceilings: Ceilings, *, precision: str, batch: int, model: str = BOUND_MODEL
) -> list[StageBound]:
    """Bound every row under a byte model of `hitzoo.plan.traffic`; FLOPs are those of the specified network.

    Raises:
        RequestError: nobody has counted what networks of this family move.
    """
    rows = plan.traffic()
    if not rows:
        raise RequestError(f"the family {plan.family} does not count the bytes it moves, which a roofline needs")
    return [_bound(row, ceilings, precision, batch, model) for row in rows]


def least_seconds(
    plan: NetworkPlan, ceilings: Ceilings, *, precision: str, batch: int, model: str = BOUND_MODEL
) -> float:
    """Least seconds per image: the sum over the stages."""
    return sum(stage.seconds for stage in bounds(plan, ceilings, precision=precision, batch=batch, model=model))


def _bound(row: Traffic, ceilings: Ceilings, precision: str, batch: int, model: str) -> StageBound:
    moved = row.bytes_per_image(model, size=PRECISIONS[precision].itemsize, batch=batch)
    return StageBound(
        name=row.name,
        resolution=row.resolution,
        flops=row.flops,
        bytes=moved,
        by_compute=row.flops / ceilings.rates[precision],
        by_bandwidth=moved / ceilings.bandwidth,
    )
