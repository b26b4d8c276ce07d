"""Ctrl-C, SIGTERM and a time that is up as a request to stop after the current step, so that the run can save first."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 5.0  # seconds that what may be cut off still has once a stop is asked for; batch systems give 10 to 30
_ONE_REQUEST = 1.0  # a launcher passes on what its process group got already: signals this near to each other are one
_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
_ABOUT = 60.0  # seconds by which the clocks of several processes, each begun by itself, may differ


class CutOff(BaseException):
    """Raised in the midst of work that a stop does not wait for. No Exception: compilers catch these and go on."""


class StopRequest:
    """A request to stop the run: by a signal, or because `deadline`, a monotonic time, has come."""

    def __init__(self, deadline: float | None = None) -> None:
        self.signal: int | None = None
        self.deadline = deadline
        self._since = 0.0
        self._cutting = False

    def __bool__(self) -> bool:
        return self.signal is not None or (self.deadline is not None and time.monotonic() >= self.deadline)

    @property
    def up(self) -> bool:
        """True if its time limit ended a run that has stopped; another process may have seen that first."""
        return self.signal is None and self.deadline is not None and time.monotonic() >= self.deadline - _ABOUT

    @property
    def ended_by(self) -> int | None:
        """The signal that ended a run that has stopped, of another process too; None where its time was up."""
        return None if self.up else self.signal or signal.SIGTERM

    def take(self, number: int, frame: FrameType | None) -> None:
        """Remember the first signal; a second Ctrl-C leaves at once, and so does the first signal come again.

        A SIGTERM after another signal does not: torchrun sends one to processes that Ctrl-C has reached already.

        Raises:
            KeyboardInterrupt: a second Ctrl-C.
            SystemExit: the first signal once more, with its code.
        """
        if self.signal is None:
            self.signal, self._since = number, time.monotonic()
            self._start_clock()
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        elif number == self.signal and time.monotonic() - self._since > _ONE_REQUEST:
            raise SystemExit(128 + number)

    @contextmanager
    def cutting_off(self) -> Iterator[None]:
        """Give the block at most `PATIENCE` seconds from the request on; for work that leaves nothing half done.

        A compilation takes minutes, and so do a step of a large network on a CPU and an evaluation.

        Raises:
            CutOff: inside the block, once they are over. Not on Windows, which has no such clock.
        """
        self._cutting = True
        try:
            self._start_clock()
            yield
        finally:
            self._cutting = False

    def ring(self, number: int, frame: FrameType | None) -> None:
        """The clock's signal."""
        if self._cutting:
            self._cutting = False
            raise CutOff

    def _start_clock(self) -> None:
        if self._cutting and self.signal is not None and hasattr(signal, "setitimer"):
            left = PATIENCE - (time.monotonic() - self._since)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))


@contextmanager
def stop_request(deadline: float | None = None) -> Iterator[StopRequest]:
    """Catch SIGINT, SIGTERM and SIGHUP while the block runs; outside the main thread nothing can be caught."""
    request = StopRequest(deadline)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {number: signal.signal(number, request.take) for number in numbers}
    if hasattr(signal, "SIGALRM"):
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, request.ring)
    try:
        yield request
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
