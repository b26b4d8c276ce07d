from __future__ import annotations

import os
import signal
import threading

import pytest

from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.save_signals import save_request

BOTH = (signal.SIGUSR1, signal.SIGUSR2)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_is_a_wish_that_is_fulfilled_once(number) -> None:
    before = signal.getsignal(number)
    with save_request() as request:
        assert not request
        os.kill(os.getpid(), number)
        assert request
        assert request.fulfilled() == number.name
        assert not request
        assert request.fulfilled() == "another process"
    assert signal.getsignal(number) is before


def test_what_is_ignored_from_the_start_stays_so() -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with save_request() as request:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert not request
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_outside_the_main_thread_nothing_is_caught() -> None:
    found = []

    def wish_there() -> None:
        with save_request() as request:
            found.append(bool(request))

    thread = threading.Thread(target=wish_there)
    thread.start()
    thread.join()
    assert found == [False]


@pytest.mark.parametrize("number", BOTH)
def test_a_run_saves_once_and_goes_on(tiny_spec, tmp_path, number) -> None:
    class Warned(NoEvents):
        def __init__(self) -> None:
            self.notes: list[str] = []

        def recorded(self, record) -> None:
            if record.step == 2:
                signal.raise_signal(number)

        def noted(self, message: str) -> None:
            self.notes.append(message)

    warned = Warned()
    options = RunOptions(out=tmp_path / "run", device="cpu", log_every=1, keep=9)
    end = train(tiny_spec("training.steps=5"), options, warned)
    assert (end.step, end.signal) == (5, None)
    assert sorted(path.name for path in (tmp_path / "run/checkpoints").iterdir()) == ["step-00000003", "step-00000005"]
    assert warned.notes == [f"saved at step 3, as {number.name} asked for; the run goes on"]
