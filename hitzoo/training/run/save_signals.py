"""SIGUSR1 and SIGUSR2 as a request to save and go on: what batch systems send some time before they end a job.

SLURM does with `--signal=USR1@90`, and so do submitit and others; by the system's own rule they would end the process.
The end itself comes as SIGTERM, which saves once more.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name)]


class SaveRequest:
    """A request to save, by a signal."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def take(self, number: int, frame: FrameType | None) -> None:
        """Remember the signal."""
        self.signal = number

    def fulfilled(self) -> str:
        """Forget the request and return the name of its signal, where it came to this process."""
        number, self.signal = self.signal, None
        return signal.Signals(number).name if number is not None else "another process"


@contextmanager
def save_request() -> Iterator[SaveRequest]:
    """Catch both while the block runs; outside the main thread nothing can be caught."""
    request = SaveRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, request.take) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
