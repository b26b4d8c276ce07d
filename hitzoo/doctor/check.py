"""Checks: code that measures a figure, and how its outcome becomes a result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from hitzoo.doctor.report import Outline, Result

_LONGEST = 300  # characters of a reason


class NotApplicable(Exception):  # noqa: N818 - what is the case
    """The check has no meaning here; its text says why."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A figure; the check passes where it is a number, and at most `limit` if there is one."""

    value: float
    unit: str
    limit: float | None = None

    @property
    def passes(self) -> bool:
        """True if the figure is as it should be."""
        return math.isfinite(self.value) and (self.limit is None or self.value <= self.limit)


@dataclass(frozen=True)
class Check:
    """A check of a device: its outline, and what measures its figure."""

    outline: Outline
    measure: Callable[[], Measured]


def carry_out(check: Check) -> Result:
    """Carry out a check; whatever it raises is its result."""
    began = time.perf_counter()
    found = _outcome(check)
    return Result(**(vars(found) | {"seconds": time.perf_counter() - began}))


def _outcome(check: Check) -> Result:
    try:
        measured = check.measure()
    except NotApplicable as reason:
        return Result(outline=check.outline, status="not applicable", note=str(reason))
    except Exception as error:
        return Result(outline=check.outline, status="fail", note=reason_of(error))
    finite = measured.value if math.isfinite(measured.value) else None
    return Result(
        outline=check.outline,
        status="pass" if measured.passes else "fail",
        value=finite,
        unit=measured.unit,
        limit=measured.limit,
        note="" if measured.passes else _too_far(measured),
    )


def reason_of(error: BaseException) -> str:
    """Describe an exception in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0][:_LONGEST] if lines else ""
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _too_far(measured: Measured) -> str:
    if not math.isfinite(measured.value):
        return "the result is not a finite number"
    if measured.unit == "relative":
        return "wrong numbers: further from the reference than rounding explains"
    return "out of bounds"
