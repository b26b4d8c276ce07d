"""Warnings by whose they are: an error where our code raises or causes them, shown where a dependency's code does.

pyproject.toml makes warnings of the modules `hitzoo` and `tests` errors. A dependency that warns without a `stacklevel`
names itself, also where it was we who called what is deprecated; such a warning is laid to the caller's charge here.
Deeper inside a dependency it stays the dependency's: torch's tests are not ours.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any

_warn = warnings.warn


def charge_callers() -> None:
    """Replace `warnings.warn` for this process, before the dependencies that take it by name are imported."""
    warnings.warn = _warn_the_caller  # type: ignore[assignment]


def _warn_the_caller(message: Any, category: Any = None, stacklevel: int = 1, *rest: Any, **options: Any) -> None:
    warning = sys._getframe(1)
    if stacklevel == 1 and not _is_ours(warning) and _is_ours(warning.f_back):
        stacklevel = 2
    _warn(message, category, stacklevel + 1, *rest, **options)


def _is_ours(frame: FrameType | None) -> bool:
    module = frame.f_globals.get("__name__", "") if frame else ""
    return module.partition(".")[0] in ("hitzoo", "tests")
