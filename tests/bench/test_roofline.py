from __future__ import annotations

import pytest

from hitzoo.bench.ceilings import Ceilings
from hitzoo.bench.roofline import bounds, least_seconds
from hitzoo.families.open import open_spec

H200 = Ceilings(bandwidth=4.3e12, rates={"bfloat16": 790e12, "float32": 60e12})
"""Numbers of a data sheet, less what is never reached."""


def test_a_stage_takes_the_longer_of_its_flops_and_its_bytes() -> None:
    plan = open_spec("hit-b-ffhq256")[1].generator
    ceilings = Ceilings(bandwidth=1e11, rates={"float32": 1e12})
    for row, stage in zip(plan.traffic(), bounds(plan, ceilings, precision="float32", batch=2), strict=True):
        moved = 4 * (row.moved["mlp"] + row.weights / 2)
        assert (stage.name, stage.flops, stage.bytes) == (row.name, row.flops, moved)
        assert (stage.by_compute, stage.by_bandwidth) == (row.flops / 1e12, moved / 1e11)
        assert stage.seconds == max(row.flops / 1e12, moved / 1e11)
        assert stage.limit == ("compute" if row.flops / 1e12 >= moved / 1e11 else "bandwidth")


def test_without_limits_of_bandwidth_only_flops_count() -> None:
    plan = open_spec("hit-b-ffhq256")[1].generator
    endless = Ceilings(bandwidth=1e30, rates={"float32": 1e12})
    flops = sum(row.flops for row in plan.traffic())
    assert least_seconds(plan, endless, precision="float32", batch=1) == pytest.approx(flops / 1e12)


@pytest.mark.parametrize(
    ("name", "model", "batch", "microseconds"),
    [
        ("hit-imagenet128", "mlp", 16, 38.6),
        ("hit-imagenet128", "gemm", 16, 69.2),
        ("hit-b-ffhq256", "eager", 16, 241.1),
        ("hit-b-ffhq256", "gemm", 1, 123.3),
        ("hit-b-ffhq256", "mlp", 1, 67.9),
        ("hit-b-ffhq256", "mlp", 16, 52.6),
        ("hit-b-ffhq256", "stage", 16, 36.0),
        ("hit-b-ffhq1024", "mlp", 16, 316),
        ("hit-b-ffhq1024", "stage", 16, 102),
    ],
)
def test_an_image_on_a_large_gpu(name: str, model: str, batch: int, microseconds: float) -> None:
    """As another calculator has it, which gives the linear layer between two stages to the first of them."""
    plan = open_spec(name)[1].generator
    found = least_seconds(plan, H200, precision="bfloat16", batch=batch, model=model)
    assert 1e6 * found == pytest.approx(microseconds, rel=0.03)
