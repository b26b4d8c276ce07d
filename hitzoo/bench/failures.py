"""Failures that leave a kind of call, or of step, out of a measurement; the others go on."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool

from hitzoo.errors import HitzooError, first_line
from hitzoo.training.engine.compile_errors import is_of_compiler
from hitzoo.training.engine.out_of_memory import is_out_of_memory

FULL = "out of memory"

MAY_FAIL = (HitzooError, RuntimeError, MemoryError)
"""The classes of errors among which there are such failures."""


def reason_of_failure(error: BaseException) -> str:
    """Return why something cannot run here, as one line.

    Raises:
        The error itself, where it is a bug of ours.
    """
    if is_out_of_memory(error):
        return FULL
    if isinstance(error, HitzooError):
        return first_line(error)
    if isinstance(error, BrokenProcessPool):
        return "the process that measures it was killed, as by a full memory"
    if is_of_compiler(error):
        return f"not compiled here: {first_line(error)}"
    raise error


def reraise(error: BaseException) -> str:
    """Excuse nothing.

    Raises:
        The error itself.
    """
    raise error
