from __future__ import annotations

import pytest
import torch

from hitzoo.bench import resolution
from hitzoo.bench.resolution import bench_resolutions, exponent, truncated_plans
from hitzoo.errors import RequestError
from hitzoo.families.load import load_spec
from hitzoo.families.open import open_spec
from tests.bench.bench_fakes import FakeCalls

CPU = torch.device("cpu")


def test_the_truncated_plans_the_largest_holds_the_shipped_ones() -> None:
    plans = truncated_plans(load_spec("hit-b-ffhq1024"), 64)
    assert [plan.generator.resolution for plan in plans] == [64, 128, 256, 512, 1024]
    assert plans[2].generator == open_spec("hit-b-ffhq256")[1].generator
    assert plans[4].generator == open_spec("hit-b-ffhq1024")[1].generator
    assert [stage.attention for stage in plans[0].generator.stages] == ["multi_axis"] * 4
    assert [stage.to_rgb is not None for stage in plans[0].generator.stages] == [False] * 3 + [True]


def test_also_of_a_convolutional_generator() -> None:
    plans = truncated_plans(load_spec("convnet-r1-imagenet128"), 32)
    assert [plan.generator.resolution for plan in plans] == [32, 64, 128]


def test_one_size_has_no_exponent() -> None:
    with pytest.raises(RequestError, match=r"--smallest 1024: .* those of hit-b-ffhq256 are 8, 16, 32, 64, 128, 256"):
        truncated_plans(load_spec("hit-b-ffhq256"), 1024)


def test_the_exponent_is_the_slope_of_the_logarithms() -> None:
    assert exponent([1, 4, 16], [3, 12, 48]) == pytest.approx(1.0)
    assert exponent([1, 4, 16], [5, 10, 20]) == pytest.approx(0.5)
    assert exponent([1, 4], [7, 7]) == 0.0


def test_every_path_has_its_exponent(monkeypatch) -> None:
    power = {"plain": 1.5, "optimized": 0.75}
    fake = FakeCalls(lambda call: float(call.plan.generator.resolution ** (2 * power[call.variant])))
    monkeypatch.setattr(resolution, "variant_runners", fake.variant_runners)
    plans = truncated_plans(load_spec("hit-b-ffhq1024"), 64)
    found = bench_resolutions(
        plans, variants=["plain", "optimized"], precisions=["float32"], batch=2, repeats=1, device=CPU
    ).to_json()
    assert [(row["resolution"], row["path"]) for row in found["runs"][:3]] == [
        (64, "plain"),
        (64, "optimized"),
        (128, "plain"),
    ]
    assert found["runs"][0]["milliseconds_per_image"] == found["runs"][0]["latency_ms"] / 2
    assert [row["exponent"] for row in found["exponents"]] == pytest.approx([1.5, 0.75])
    assert [row["exponent_at_the_end"] for row in found["exponents"]] == pytest.approx([1.5, 0.75])
    assert 0.2 < found["flops_exponent"] < 1  # the low resolutions cost the same in all of them
