"""Which steps are timed, on a clock of the test's own: a step of n images takes 1 + n seconds, the first twice that."""

from __future__ import annotations

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.training.engine.timed_steps import Step, StepTimer, StepTimes

CPU = torch.device("cpu")


class World:
    """A clock, and steps that take their time on it; those of more than `room` images do not fit."""

    def __init__(self, room: int = 1000) -> None:
        self.now, self.room = 0.0, room
        self.error: Exception = MemoryError("Unable to allocate")
        self.made: list[tuple[int, int]] = []

    def stepper(self, size: int) -> Step:
        if size > self.room:
            raise self.error
        seen: list[int] = []

        def step(number: int) -> None:
            seen.append(number)
            self.made.append((size, number))
            self.now += (1 + size) * (2 if len(seen) == 1 else 1) * (0.5 if number == 2 else 1)

        return step


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr("hitzoo.training.engine.timed_steps.time.perf_counter", lambda: world.now)
    return world


def test_sizes_grow_while_there_is_time(world: World) -> None:
    times = StepTimer(world.stepper, device=CPU, budget=1000).run([1, 2, 4, 8])
    assert times.largest == 8
    assert {size: set(seconds) for size, seconds in times.seconds.items()} == {1: {2}, 2: {3}, 4: {5}, 8: {9}}
    assert len(times.seconds[8]) == 7
    assert times.seconds_of(8) == 9
    assert times.seconds_of(4) == 5


def test_what_takes_too_long_is_reckoned_by_a_straight_line(world: World) -> None:
    times = StepTimer(world.stepper, device=CPU, budget=60).run([1, 2, 4, 64])
    assert times.largest == 4
    assert world.now <= 60
    assert times.seconds_of(64) == 65
    assert times.seconds_of(128) == 129


def test_one_step_is_made_however_long_it_takes(world: World) -> None:
    times = StepTimer(world.stepper, device=CPU, budget=1).run([16, 32])
    assert times.seconds == {16: (34.0,)}
    assert times.seconds_of(32) == 68.0
    assert world.made == [(16, 1)]


@pytest.mark.parametrize("words", ["Unable to allocate", "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED\nmore"])
def test_a_size_that_does_not_fit_ends_the_growth(world: World, words: str) -> None:
    """A library's error is one too, as in the search for a micro-batch size."""
    world.room, world.error = 4, RuntimeError(words) if "cuDNN" in words else MemoryError(words)
    times = StepTimer(world.stepper, device=CPU, budget=1000).run([2, 4, 8])
    assert (times.largest, times.full) == (4, True)
    world.room = 1
    with pytest.raises(RunError, match=rf"not even 2 images at once fit .* \({words.splitlines()[0]}\);"):
        StepTimer(world.stepper, device=CPU, budget=1000).run([2, 4, 8])


def test_a_step_without_the_lazy_terms_is_timed_too(world: World) -> None:
    times = StepTimer(world.stepper, device=CPU, budget=100).run([2], lazy=True)
    assert times.between == 0.5
    assert world.made[-1] == (2, 2)


def test_a_line_is_never_steeper_than_the_steps_nor_flat() -> None:
    assert StepTimes(seconds={1: (9.0,), 2: (2.0,)}).seconds_of(4) == 2 + 2 * 0.5
    assert StepTimes(seconds={1: (0.1,), 2: (20.0,)}).seconds_of(4) == 40.0
