"""Which of several processes this is, where torchrun started the command in each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hitzoo.errors import Diverged, HitzooError, RequestError, SpecError, UnknownNameError

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
    if _alone():
        return str(error)
    if isinstance(error, _SAID_BY_THE_FIRST):
        return str(error) if is_first() else None
    return f"[process {_rank()} of {os.environ['WORLD_SIZE']}] {error}"


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
    return int(os.environ.get("RANK", "0"))
