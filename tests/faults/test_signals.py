"""SIGTERM and Ctrl-C save and leave with a code of their own; a second Ctrl-C leaves at once."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults.conftest import HOLDING, Workshop, end, wait_for_step

pytestmark = pytest.mark.processes


def test_the_step_is_finished_and_saved(workshop: Workshop, assert_as_undisturbed) -> None:
    for number, code, step in ((signal.SIGTERM, 143, 3), (signal.SIGINT, 130, 7)):
        process = workshop.start("--resume", injected=HOLDING)
        wait_for_step(process, step)
        workshop.hold(process, 0)  # within the save of the next step
        process.send_signal(number)
        workshop.beats(process, 2)
        workshop.release()
        assert f"stopped and saved at step {step + 2}" in end(process, code)
        assert {step + 1, step + 2} <= set(workshop.saved())
    workshop.train("--resume")
    assert_as_undisturbed(workshop)


def test_a_signal_to_the_whole_group_reaches_the_workers_and_the_run_saves(workshop: Workshop) -> None:
    """As a scheduler, a service manager or torchrun sends it."""
    process = workshop.start("--workers", 2, "--set", "training.steps=4000")
    wait_for_step(process, 3)
    os.killpg(process.pid, signal.SIGTERM)
    assert "stopped and saved at step" in end(process, 143)


def test_a_second_ctrl_c_leaves_at_once(workshop: Workshop) -> None:
    """The save it comes into would never end."""
    process = workshop.start(injected=HOLDING)
    wait_for_step(process, 3)
    workshop.hold(process, 3)
    process.send_signal(signal.SIGINT)
    workshop.beats(process, 2)
    process.send_signal(signal.SIGINT)
    printed = end(process, 130)
    assert "saved" not in printed
    assert "Traceback" not in printed
    assert workshop.saved() == [2]
    assert workshop.half_saved() == []
