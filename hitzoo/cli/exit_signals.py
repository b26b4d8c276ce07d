"""Ending the command by a signal: with its own exit code, without a traceback, and without half-written files.

While modules are loaded nothing is half-written, and the process exits at once. While a verb works, a signal is an
exception, so that temporary files are removed as after Ctrl-C. While the process exits, no signal changes its code.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENDING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
_BY_SIGNAL = 128  # plus the signal's number is the exit code, as in shells
_SLOW = ("torch", "numpy")  # to load; C++ code cannot propagate an exception, and aborts


def exit_at_once_by_signal() -> None:
    """Make Ctrl-C, SIGTERM and SIGHUP end the process at once from here on."""
    _handle(_leave_at_once)


@contextmanager
def exit_by_signal() -> Iterator[None]:
    """Turn Ctrl-C into a KeyboardInterrupt, and SIGTERM and SIGHUP into a SystemExit with their code, inside the block.

    A process that is exiting with the code of a signal keeps that code, whatever signal follows.
    """
    _handle(_leave)
    try:
        yield
    except SystemExit as leaving:
        if isinstance(leaving.code, int) and leaving.code > _BY_SIGNAL:
            _end(leaving.code)
        raise
    finally:
        _handle(_leave_at_once)  # the interpreter's shutdown would print a traceback


def _handle(handler: object) -> None:
    """Install a handler; a signal that was ignored from the start, as under nohup, stays ignored."""
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]


def _leave(number: int, frame: FrameType | None) -> None:
    if _is_loading():
        _leave_at_once(number, frame)
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(_BY_SIGNAL + number)


def _leave_at_once(number: int, frame: FrameType | None) -> None:
    os._exit(_BY_SIGNAL + number)


def _is_loading() -> bool:
    specs = (getattr(sys.modules.get(name), "__spec__", None) for name in _SLOW)
    return any(getattr(spec, "_initializing", False) for spec in specs)


def _end(code: int) -> None:
    """Exit without the interpreter's shutdown: after a Ctrl-C it may use SIGINT's default for its code."""
    _handle(signal.SIG_IGN)
    with suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
