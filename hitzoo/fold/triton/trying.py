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


def has_failed() -> bool:
    """Whether Triton could not build a kernel in this process; none is tried again then."""
    return _failed


def tried(launch: Callable[[], Result]) -> Result | None:
    """What the kernel computes, or None where Triton fails to build it; that is said once. Other errors go on."""
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
    """Whether it was raised below Triton's own code: its compiler's errors have no common class."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__")).startswith("triton.") for frame in frames)
