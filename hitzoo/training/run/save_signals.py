"""SIGUSR1 and SIGUSR2 as a wish to save and go on: what batch systems send some time before they end a job.

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


class SaveWish:
    """Whether, and by which signal, the run was asked to save."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def take(self, number: int, frame: FrameType | None) -> None:
        """Remember the signal."""
        self.signal = number

    def fulfilled(self) -> str:
        """Forget the wish; the name of its signal, where it came to this process."""
        number, self.signal = self.signal, None
        return signal.Signals(number).name if number is not None else "another process"


@contextmanager
def save_wish() -> Iterator[SaveWish]:
    """Catch both while the block runs; outside the main thread nothing can be caught."""
    wish = SaveWish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, wish.take) for number in numbers}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
