"""A run that is killed at any moment ends, resumed, in the bytes of the run that nothing happened to."""

from __future__ import annotations

import random
import time

import pytest

from tests.faults.conftest import HOLDING, STEPS, Workshop, kill, wait_for_step

pytestmark = pytest.mark.processes


def test_at_random_moments(workshop: Workshop, assert_as_undisturbed) -> None:
    dice, kills = random.Random(2022), 0
    for _ in range(2):
        process = workshop.start("--resume")
        wait_for_step(process, max(workshop.saved(), default=0) + dice.randint(1, 3))
        time.sleep(dice.uniform(0.0, 0.1))
        kills += kill(process)
    assert kills, "the machine was too slow to kill in time"
    if max(workshop.saved(), default=0) < STEPS:
        workshop.train("--resume")
    assert_as_undisturbed(workshop)


def test_in_the_middle_of_a_save(workshop: Workshop, assert_as_undisturbed) -> None:
    """After 1, 4 and 8 flushes: a file, half of them, and the folder renamed but its parent not yet on the disk."""
    left = []
    for step, flushes in ((1, 1), (3, 4), (5, 8)):
        process = workshop.start("--resume", injected=HOLDING)
        wait_for_step(process, step)
        workshop.hold(process, flushes)
        assert kill(process)
        left.append(len(workshop.half_saved()))
        workshop.release()
    assert 1 in left
    assert max(left) == 1, "the next session removes what the last one left"
    workshop.train("--resume")
    assert_as_undisturbed(workshop)
