"""Silence for gloo, which tells of its connections on the standard output, in the middle of a command's JSON."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def without_gloo_output() -> Iterator[None]:
    """Discard what C++ code writes to the standard output while processes connect; torch 2.8 and 2.9 say a line there.

    Without a standard output, and on Windows, nothing is done.
    """
    try:
        own = None if sys.platform == "win32" else os.dup(1)
    except OSError:
        own = None
    if own is None:
        yield
        return
    _flush()
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        _flush()
        os.dup2(own, 1)
        os.close(own)


def _flush() -> None:
    """Empty Python's and C's buffers."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)
