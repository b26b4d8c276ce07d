from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from hitzoo.training.run import stop_signals
from hitzoo.training.run.stop_signals import CutOff, stop_request

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("first", BOTH)
def test_a_signal_is_a_wish_and_a_second_ctrl_c_leaves(first) -> None:
    with stop_request() as request:
        assert not request
        os.kill(os.getpid(), first)
        assert request
        assert request.signal == first
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("first", BOTH)
def test_sigterm_right_after_the_first_signal_changes_nothing(first) -> None:
    """torchrun sends one to processes that Ctrl-C, or a scheduler's signal to the group, has reached already."""
    with stop_request() as request:
        os.kill(os.getpid(), first)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        assert request.signal == first


def test_second_sigterm_leaves_at_once_with_its_code(monkeypatch) -> None:
    monkeypatch.setattr(stop_signals, "_ONE_REQUEST", 0.0)
    with stop_request(), pytest.raises(SystemExit) as leaving:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
    assert leaving.value.code == 143


def test_sigterm_after_ctrl_c_never_leaves(monkeypatch) -> None:
    monkeypatch.setattr(stop_signals, "_ONE_REQUEST", 0.0)
    with stop_request() as request:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.signal == signal.SIGINT


CLOCK = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no clock that interrupts")


@CLOCK
@pytest.mark.parametrize("early", [True, False], ids=["asked before", "asked inside"])
def test_stop_cuts_off_long_work(monkeypatch, early: bool) -> None:
    monkeypatch.setattr(stop_signals, "PATIENCE", 0.05)
    with stop_request() as request:
        if early:
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(CutOff), request.cutting_off():
            if not early:
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        assert request.signal == signal.SIGTERM


@CLOCK
def test_stop_leaves_other_work_alone(monkeypatch) -> None:
    monkeypatch.setattr(stop_signals, "PATIENCE", 0.01)
    with stop_request() as request:
        with request.cutting_off():
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@CLOCK
def test_clock_ends_with_the_block() -> None:
    with stop_request() as request, request.cutting_off():
        os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_request():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_outside_the_main_thread_nothing_is_caught() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with stop_request() as request:
            seen.append((bool(request), signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, True)]


def test_a_time_that_is_up_is_a_wish_of_its_own() -> None:
    with stop_request(time.monotonic() + 3600) as later, stop_request(time.monotonic() - 1) as now:
        assert not later
        assert not later.up
        assert now
        assert now.up
        assert now.signal is None


def test_another_process_may_see_the_end_of_the_time_first() -> None:
    with stop_request(time.monotonic() + 2) as request:
        assert not request
        assert request.up


def test_a_signal_goes_before_the_time() -> None:
    with stop_request(time.monotonic() - 1) as request:
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.signal == signal.SIGTERM
        assert not request.up
