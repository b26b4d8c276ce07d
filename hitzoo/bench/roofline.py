"""How fast a generator could be on a device: no stage faster than its products or its bytes allow."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.bench.ceilings import Ceilings
from hitzoo.families.generator_plan import GeneratorPlan
from hitzoo.families.traffic import Traffic, traffic_of
from hitzoo.runtime.precision import PRECISIONS

BOUND_MODEL = "mlp"
"""The byte model of `share_of_bound`: a bound for kernels of up to an MLP. A path that keeps more than that on the
chip, as small pieces of a map in a cache, can pass it where bandwidth limits."""


@dataclass(frozen=True, kw_only=True)
class StageBound:
    """One row of the generator's table: seconds an image that its FLOPs take at least, and its bytes."""

    name: str
    resolution: int
    flops: int
    bytes: float
    by_compute: float
    by_bandwidth: float

    @property
    def seconds(self) -> float:
        """An image takes the longer of the two: products and copies can go on at once."""
        return max(self.by_compute, self.by_bandwidth)

    @property
    def limit(self) -> str:
        """Which of the two it is."""
        return "compute" if self.by_compute >= self.by_bandwidth else "bandwidth"


def bounds(
    plan: GeneratorPlan, ceilings: Ceilings, *, precision: str, batch: int, model: str = BOUND_MODEL
) -> list[StageBound]:
    """Every row under a byte model of `hitzoo.families.traffic`; FLOPs are the network's as it is specified."""
    return [_bound(row, ceilings, precision, batch, model) for row in traffic_of(plan)]


def least_seconds(
    plan: GeneratorPlan, ceilings: Ceilings, *, precision: str, batch: int, model: str = BOUND_MODEL
) -> float:
    """Seconds an image: the sum over the stages, one after the other."""
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
