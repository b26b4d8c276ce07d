"""Role of this process among several that torchrun started, and its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hitzoo.errors import Diverged, HitzooError, RequestError, SpecError, UnknownNameError

_TIDYING_UP = 2.0  # seconds in which another signal does not interrupt it; a later one does, in case the first was lost
_SAID_BY_THE_FIRST = (Diverged, SpecError, RequestError, UnknownNameError)  # all processes raise them alike


def is_first() -> bool:
    """True if this process prints for all."""
    return _rank() == 0


def count() -> int:
    """Number of processes."""
    text = os.environ.get("WORLD_SIZE", "1")
    return int(text) if text.isdecimal() else 1


def message_of_process(error: HitzooError) -> str | None:
    """Message of this process for an error, with its number if there are several; None to print nothing."""
    said = error.as_option or str(error)
    if _alone():
        return said
    if isinstance(error, _SAID_BY_THE_FIRST):
        return said if is_first() else None
    return f"[process {_rank()} of {os.environ['WORLD_SIZE']}] {said}"


@contextmanager
def unwind_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the command as Ctrl-C does, so that nothing half-written stays; codes 143 and 129.

    Training handles signals itself. With several processes the default action stays: they wait for each other in
    calls that no signal interrupts, and a launcher ends them.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    taken = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]  # nohup ignores SIGHUP
    if not _alone() or threading.current_thread() is not threading.main_thread():
        taken = []

    last = float("-inf")

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal last
        since, last = time.monotonic() - last, time.monotonic()
        if since >= _TIDYING_UP:
            raise SystemExit(128 + number)

    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def immediate_exit() -> Iterator[None]:
    """Exit at once from the block if there are several processes; all files are written by then.

    During the interpreter's shutdown gloo's threads have aborted processes that had done all their work.
    """
    try:
        yield
    except SystemExit as leaving:
        if _alone():
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        code = leaving.code or 0
        os._exit(code if isinstance(code, int) else 1)


def _alone() -> bool:
    return os.environ.get("WORLD_SIZE", "1") == "1"


def _rank() -> int:
    text = os.environ.get("RANK", "0")
    return int(text) if text.isdecimal() else 0
