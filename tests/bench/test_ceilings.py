from __future__ import annotations

import pytest
import torch

from hitzoo.bench.ceilings import Ceilings, _rate_of_tf32, measure_ceilings
from hitzoo.runtime.float32_precision import allows_tf32
from tests.float32_settings import SETTINGS, reset, settings_in_effect


def test_every_ceiling_is_measured() -> None:
    found = measure_ceilings(torch.device("cpu"), copied=1 << 12, side=8)
    assert found.bandwidth > 0
    assert set(found.rates) == {"float32", "bfloat16"}  # tf32 is CUDA's
    assert min(found.rates.values()) > 0
    assert found.to_json() == {"bytes_per_second": found.bandwidth, "flops_per_second": found.rates}


def test_a_copy_counts_twice_and_the_best_try_wins(monkeypatch) -> None:
    seconds = iter([9.0, 4.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0])  # the first does not count
    clock = [0.0]

    def work() -> float:
        clock[0] += 0.5 * next(seconds)
        return clock[0]

    monkeypatch.setattr("hitzoo.bench.ceilings.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(torch.Tensor, "copy_", lambda *_: work())
    from hitzoo.bench.ceilings import _bandwidth

    assert _bandwidth(1000, torch.device("cpu")) == 2 * 1000 / 1.0


@pytest.mark.parametrize("changed", SETTINGS)
def test_tf32_is_measured_whatever_a_program_has_set(monkeypatch, changed: str) -> None:
    allowed: list[bool] = []
    monkeypatch.setattr("hitzoo.bench.ceilings._rate", lambda *_: allowed.append(allows_tf32()) or 1.0)
    SETTINGS[changed]()
    before = settings_in_effect()
    try:
        assert _rate_of_tf32(8, torch.device("cpu")) == 1.0
        assert settings_in_effect() == before
    finally:
        reset()
    assert allowed == [True]


def test_the_better_of_two_measurements() -> None:
    busy = Ceilings(bandwidth=5.0, rates={"float32": 1.0, "bfloat16": 4.0})
    idle = Ceilings(bandwidth=3.0, rates={"float32": 2.0, "bfloat16": 3.0})
    assert busy.or_better(idle) == Ceilings(bandwidth=5.0, rates={"float32": 2.0, "bfloat16": 4.0})


def test_ceilings_are_of_random_data(monkeypatch) -> None:
    """Constants are copied and multiplied faster by a GPU than a network's values are."""
    seen: list[torch.Tensor] = []

    def time(work, device: torch.device) -> float:
        seen.extend(cell.cell_contents for cell in work.__closure__ if isinstance(cell.cell_contents, torch.Tensor))
        return 1.0

    monkeypatch.setattr("hitzoo.bench.ceilings._least_seconds", time)
    measure_ceilings(torch.device("cpu"), copied=1 << 12, side=64)
    several = [tensor for tensor in seen if len(tensor.unique()) > 100]
    assert len(several) == len(seen) - 1  # all but the target of the copy
