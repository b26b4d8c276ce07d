from __future__ import annotations

import os
import signal
import threading

import pytest

from hitzoo.training.interrupt import stop_wish

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("first", BOTH)
def test_a_signal_is_a_wish_and_a_second_ctrl_c_leaves(first) -> None:
    with stop_wish() as wish:
        assert not wish
        os.kill(os.getpid(), first)
        assert wish
        assert wish.signal == first
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("first", BOTH)
def test_a_sigterm_after_the_first_signal_changes_nothing(first) -> None:
    """torchrun sends one to processes that Ctrl-C has reached already."""
    with stop_wish() as wish:
        os.kill(os.getpid(), first)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        assert wish.signal == first


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_wish():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_outside_the_main_thread_nothing_is_caught() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with stop_wish() as wish:
            seen.append((bool(wish), signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, True)]
