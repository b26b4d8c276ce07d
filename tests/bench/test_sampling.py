from __future__ import annotations

from collections import Counter

import pytest
import torch

from hitzoo.bench import sampling
from hitzoo.bench.ceilings import Ceilings
from hitzoo.bench.roofline import least_seconds
from hitzoo.bench.sampling import bench_sampling, default_batch
from hitzoo.bench.variants import SamplingCall
from hitzoo.runtime.cuda_graph import CAPTURED_CALL
from tests.bench.bench_fakes import FakeCalls

CPU = torch.device("cpu")
SECONDS = {
    ("plain", "float32"): 0.8,
    ("optimized", "float32"): 0.2,
    ("plain", "bfloat16"): 0.4,
    ("optimized", "bfloat16"): 0.1,
}
FAST, SLOW = (Ceilings(bandwidth=size, rates={"float32": size, "bfloat16": 2 * size}) for size in (2e9, 1e9))


@pytest.fixture
def fake(monkeypatch) -> FakeCalls:
    calls = FakeCalls(lambda call: SECONDS[call.variant, call.precision])
    ceilings = iter([FAST, SLOW])
    monkeypatch.setattr(sampling, "variant_runners", calls.variant_runners)
    monkeypatch.setattr(sampling, "measure_ceilings", lambda device: next(ceilings))
    return calls


def test_all_four_by_default_at_every_batch(tiny_generator, fake) -> None:
    runs, ceilings = bench_sampling(tiny_generator().plan, batches=(4, 1), repeats=2, device=CPU)
    kinds = [("plain", "float32"), ("optimized", "float32"), ("plain", "bfloat16"), ("optimized", "bfloat16")]
    found = [(run.timed.call.batch, run.timed.call.variant, run.timed.call.precision) for run in runs]
    assert found == [(batch, *kind) for batch in (4, 1) for kind in kinds]
    assert ceilings == FAST
    timed = [call for what, call in fake.asked if what == "seconds"]
    assert timed == [run.timed.call for run in runs] * 3  # one warm-up and two turns, each in the same order


class Graphs:
    """Calls as on CUDA: the first ones launch kernels, one captures, the others replay."""

    def __init__(self) -> None:
        self.calls: Counter[SamplingCall] = Counter()

    def __call__(self, call: SamplingCall) -> float:
        self.calls[call] += 1
        number = 1 + self.calls[call]  # one has measured the memory
        return 1.0 if number > CAPTURED_CALL else 10.0 if number < CAPTURED_CALL else 100.0


def test_calls_are_timed_after_the_capture(tiny_generator, fake) -> None:
    fake.took = Graphs()
    batches = (1, 2, 4, 8, 16)
    runs, _ = bench_sampling(tiny_generator().plan, batches=batches, repeats=2, device=torch.device("cuda"))
    assert {run.timed.seconds for run in runs} == {(1.0, 1.0)}


def test_a_run_as_data(tiny_generator, fake) -> None:
    plan = tiny_generator().plan
    runs, _ = bench_sampling(plan, batches=(4,), repeats=3, device=CPU)
    least = 4 * least_seconds(plan.generator, FAST, precision="bfloat16", batch=4)
    wanted = {
        "path": "optimized",
        "precision": "bfloat16",
        "batch": 4,
        "images_per_second": 40.0,
        "latency_ms": 100.0,
        "peak_bytes": 4000,
        "share_of_bound": least / 0.1,
        "latency_ms_quartiles": [100.0, 100.0],
        "speedup": 8.0,
        "speedup_quartiles": [8.0, 8.0],
        "seconds": [0.1] * 3,
    }
    assert runs[3].to_json() == {name: pytest.approx(value) for name, value in wanted.items()}


def test_without_plain_float32_the_first_run_is_the_measure(tiny_generator, fake) -> None:
    runs, _ = bench_sampling(tiny_generator().plan, variants=["optimized"], batches=(4,), repeats=1, device=CPU)
    assert [run.speedup for run in runs] == [1.0, 2.0]


def test_the_batches_of_a_device() -> None:
    assert default_batch(CPU) == 4
    assert default_batch(torch.device("cuda:1")) == 16
    assert default_batch(torch.device("mps")) == 4
