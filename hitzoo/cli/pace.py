"""How fast a run goes and when it will be done, told as soon as it can be told honestly."""

from __future__ import annotations

from datetime import datetime, timedelta

_MEASURED_FOR = 3.0  # seconds, or
_MEASURED_STEPS = 20  # steps after the first, before anything is promised
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Pace:
    """The speed of a session that goes from step `first` to step `last`; all times are of one monotonic clock.

    The first step warms caches and compilers up: it counts alone only until there is a second. What happens between
    steps (grids, checkpoints, evaluations) takes its time too, and is part of the speed.
    """

    def __init__(self, first: int, last: int, now: float) -> None:
        self.first, self.last, self.began = first, last, now
        self.step = first
        self._at = now
        self._warm = now

    def stepped(self, step: int, now: float) -> None:
        """Take note of a step that is done."""
        if self.done == 0:
            self._warm = now
        self.step, self._at = step, now

    @property
    def done(self) -> int:
        """Steps of this session."""
        return self.step - self.first

    @property
    def seconds_per_step(self) -> float | None:
        """The mean of all steps but the first; of the first as long as it is the only one; None before it."""
        if self.done == 0:
            return None
        return (self._at - self._warm) / (self.done - 1) if self.done > 1 else self._at - self.began

    def seconds_left(self, now: float) -> float | None:
        """Until the last step, at this speed."""
        each = self.seconds_per_step
        return None if each is None else max(0.0, each * (self.last - self.step) - (now - self._at))

    def can_promise(self) -> bool:
        """Whether enough steps were measured for a word on the end."""
        return self.done > 1 and (self._at - self._warm >= _MEASURED_FOR or self.done > _MEASURED_STEPS)


def about(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 20 min`, `2 days 4 h`, `3.2 years`: as fine as an estimate is good for."""
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
    """The time of day in `seconds` from now, with the date where it is not today's."""
    now = now or datetime.now()
    if seconds > 1000 * 365 * _DAY:
        return "another age"
    then = now + timedelta(seconds=seconds)
    if then.date() == now.date():
        return f"{then:%H:%M}"
    return f"{then:%a %d %b %H:%M}" if seconds < 300 * _DAY else f"{then:%b %Y}"
