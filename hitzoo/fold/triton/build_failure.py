"""Launching a kernel where Triton may not be able to build it: without a C compiler, on a device it does not know.

That is no reason to make no images: torch's own operations compute the same.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

_log = logging.getLogger(__name__)
_failed = False

Result = TypeVar("Result")


def has_build_failed() -> bool:
    """True if Triton could not build a kernel in this process; none is tried again then."""
    return _failed


def run_or_none(launch: Callable[[], Result]) -> Result | None:
    """Run the kernel; None, with one warning, where Triton fails to build it. Other errors propagate."""
    global _failed
    try:
        return launch()
    except Exception as error:
        if not _is_tritons(error):
            raise
        _failed = True
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        _log.warning("Triton cannot build its kernels here (%s); torch's own operations take their place", reason)
        return None


def _is_tritons(error: Exception) -> bool:
    """True if it was raised inside Triton's own code: its compiler's errors have no common class."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__")).startswith("triton.") for frame in frames)
