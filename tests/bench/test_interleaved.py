from __future__ import annotations

import pytest

from hitzoo.bench.interleaved import quartiles, speedups, time_interleaved
from hitzoo.bench.variants import SamplingCall
from tests.bench.bench_fakes import FakeCalls


@pytest.fixture
def calls(tiny_generator) -> list[SamplingCall]:
    plan = tiny_generator().plan
    return [
        SamplingCall(plan=plan, variant=variant, precision="float32", batch=2) for variant in ("plain", "optimized")
    ]


def test_the_kinds_take_turns_after_those_that_do_not_count(calls) -> None:
    clock = iter(range(100))
    fake, seen = FakeCalls(lambda call: float(next(clock))), []
    timings = time_interleaved(
        calls, dict.fromkeys(("plain", "optimized"), fake), repeats=3, progress=lambda *now: seen.append(now)
    )
    asked = [(what, call.variant) for what, call in fake.asked]
    assert asked[:4] == [("peak", "plain"), ("peak", "optimized"), ("seconds", "plain"), ("seconds", "optimized")]
    assert asked[4:] == [("seconds", "plain"), ("seconds", "optimized")] * 3
    assert [timed.seconds for timed in timings] == [(2.0, 4.0, 6.0), (3.0, 5.0, 7.0)]
    assert [timed.median for timed in timings] == [4.0, 5.0]
    assert [timed.peak_bytes for timed in timings] == [2000, 2000]
    assert seen == [(done, 6) for done in range(1, 7)]


def test_each_path_is_called_where_it_lives(calls) -> None:
    plain, fast = FakeCalls(lambda call: 1.0), FakeCalls(lambda call: 1.0)
    time_interleaved(calls, {"plain": plain, "optimized": fast}, repeats=2)
    assert {call.variant for _, call in plain.asked} == {"plain"}
    assert {call.variant for _, call in fast.asked} == {"optimized"}


def test_a_machine_that_is_slow_for_one_turn_changes_no_ratio() -> None:
    assert speedups([1.0, 10.0, 1.0], [0.5, 5.0, 0.5]) == (2.0, (2.0, 2.0))
    assert speedups([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]) == (2.0, (1.5, 2.5))


def test_the_quartiles_of_one_value() -> None:
    assert quartiles([3.0]) == (3.0, 3.0)
