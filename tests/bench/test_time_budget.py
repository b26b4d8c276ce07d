from __future__ import annotations

from hitzoo.bench.time_budget import TimeBudget


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def rounds(budget: TimeBudget, clock: Clock, most: int, took: float, share: float = 1.0) -> int:
    count = 0
    for number in budget.rounds(most, share=share):
        assert number == count
        count += 1
        clock.now += took
    return count


def test_rounds_end_within_the_budget() -> None:
    clock = Clock()
    assert rounds(TimeBudget(10.0, clock), clock, 9, took=3.0) == 3
    assert rounds(TimeBudget(10.0, clock), clock, 9, took=1.0) == 9


def test_one_round_is_made_however_long_it_takes() -> None:
    clock = Clock()
    budget = TimeBudget(10.0, clock)
    clock.now += 50.0  # for something before
    assert rounds(budget, clock, 9, took=30.0) == 1


def test_budget_without_a_limit_ends_nothing() -> None:
    clock = Clock()
    assert rounds(TimeBudget(None, clock), clock, 9, took=1e9) == 9


def test_share_is_of_what_is_left() -> None:
    clock = Clock()
    budget = TimeBudget(20.0, clock)
    assert rounds(budget, clock, 9, took=2.0, share=0.4) == 4
    assert rounds(budget, clock, 9, took=2.0, share=0.5) == 3
    assert rounds(budget, clock, 9, took=2.0) == 3
