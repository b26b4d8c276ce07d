"""Which of several processes this is, where torchrun started the command in each, and how one ends."""

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

_TIDYING_UP = 2.0  # seconds in which another signal does not interrupt it; a later one does, should the first be lost
_SAID_BY_THE_FIRST = (Diverged, SpecError, RequestError, UnknownNameError)  # every process meets them alike


def is_first() -> bool:
    """Whether this process speaks for all."""
    return _rank() == 0


def count() -> int:
    """How many processes there are."""
    text = os.environ.get("WORLD_SIZE", "1")
    return int(text) if text.isdecimal() else 1


def in_its_name(error: HitzooError) -> str | None:
    """What this process says of an error: the message, with its number where it is not alone; None for nothing."""
    said = str(getattr(error, "as_option", error))
    if _alone():
        return said
    if isinstance(error, _SAID_BY_THE_FIRST):
        return said if is_first() else None
    return f"[process {_rank()} of {os.environ['WORLD_SIZE']}] {said}"


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the command as Ctrl-C does, so that nothing half-written stays; 143 and 129.

    Training has its own way meanwhile. Among several processes the system's way stays: they wait for each other in
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
def leaving_at_once() -> Iterator[None]:
    """Where there are several processes, an exit inside ends this one there and then; all files are written by then.

    In the interpreter's own end gloo's threads have been seen to abort a process that had done all its work.
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
