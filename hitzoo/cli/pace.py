"""Speed of a run and estimate of its end, given as soon as it is reliable."""

from __future__ import annotations

from datetime import datetime, timedelta

_MEASURED_FOR = 3.0  # seconds, or
_MEASURED_STEPS = 20  # steps after the first, before anything is promised
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Pace:
    """Speed of a session from step `first` to step `last`; all times are of one monotonic clock.

    The first step warms up caches and compilers: it counts only until there is a second. Time between steps (grids,
    checkpoints, evaluations) is part of the speed.
    """

    def __init__(self, first: int, last: int, now: float) -> None:
        self.first, self.last, self.began = first, last, now
        self.step = first
        self._at = now
        self._warm = now

    def stepped(self, step: int, now: float) -> None:
        """Record a finished step."""
        if self.done == 0:
            self._warm = now
        self.step, self._at = step, now

    @property
    def done(self) -> int:
        """Steps done in this session."""
        return self.step - self.first

    @property
    def seconds_per_step(self) -> float | None:
        """Mean over all steps but the first; the first alone while it is the only one; None before it."""
        if self.done == 0:
            return None
        return (self._at - self._warm) / (self.done - 1) if self.done > 1 else self._at - self.began

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the last step, at this speed."""
        each = self.seconds_per_step
        return None if each is None else max(0.0, each * (self.last - self.step) - (now - self._at))

    def can_promise(self) -> bool:
        """True if enough steps were measured for an estimate."""
        return self.done > 1 and (self._at - self._warm >= _MEASURED_FOR or self.done > _MEASURED_STEPS)


def about(seconds: float) -> str:
    """Format a duration as precisely as an estimate is: `40 s`, `12 min`, `3 h 20 min`, `2 days 4 h`, `3.2 years`."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    if seconds < _DAY:
        hours, rest = divmod(minutes if minutes < 600 else 10 * round(minutes / 10), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    if seconds >= 2 * 365 * _DAY:
        return f"{seconds / (365.25 * _DAY):,.{0 if seconds > 10 * 365 * _DAY else 1}f} years"
    days, hours = divmod(round(seconds / _HOUR), 24)
    return f"{days} day{'' if days == 1 else 's'}" + (f" {hours} h" if hours and days < 10 else "")


def clock(seconds: float, now: datetime | None = None) -> str:
    """Time of day in `seconds` from now, with the date if it is not today."""
    now = now or datetime.now()
    if seconds > 1000 * 365 * _DAY:
        return "another age"
    then = now + timedelta(seconds=seconds)
    if then.date() == now.date():
        return f"{then:%H:%M}"
    return f"{then:%a %d %b %H:%M}" if seconds < 300 * _DAY else f"{then:%b %Y}"
