"""How a signal ends the command: with its own exit code, without a traceback, and with everything half made removed.

While modules are loaded nothing is half made, and the process leaves there and then. While a verb works, a signal is an
exception, so that temporary files go the way they do after Ctrl-C. While the process ends, no signal changes its code.
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
_BY_SIGNAL = 128  # plus the signal's number is the exit code, as shells count
_SLOW = ("torch", "numpy")  # to load; C++ underneath cannot pass an exception on, and aborts


def leave_at_once_by_signal() -> None:
    """From here on Ctrl-C, SIGTERM and SIGHUP end the process on the spot."""
    _handle(_leave_at_once)


@contextmanager
def leaving_by_signal() -> Iterator[None]:
    """Inside, Ctrl-C is a KeyboardInterrupt, and SIGTERM and SIGHUP are a SystemExit with their code.

    A process that leaves with the code of a signal does so to the end, whatever signal comes then.
    """
    _handle(_leave)
    try:
        yield
    except SystemExit as leaving:
        if isinstance(leaving.code, int) and leaving.code > _BY_SIGNAL:
            _end(leaving.code)
        raise
    finally:
        _handle(_leave_at_once)  # the interpreter's own end would print a traceback


def _handle(handler: object) -> None:
    """A signal that was ignored from the start, as under nohup, stays so."""
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
    """Leave without the interpreter's own end: after a Ctrl-C it may take SIGINT's default for its code."""
    _handle(signal.SIG_IGN)
    with suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
