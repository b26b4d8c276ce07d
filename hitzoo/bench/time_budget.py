"""A budget of time for rounds: as many as fit, and one at least."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator


class TimeBudget:
    """Seconds from now on; None sets no limit."""

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = float("inf") if seconds is None else clock() + seconds

    def rounds(self, most: int, *, share: float = 1.0) -> Iterator[int]:
        """Count rounds while one more, as long as the last, ends within a share of what is left of the budget."""
        began = self._clock()
        end = began + share * max(0.0, self._end - began)
        for number in range(most):
            began = self._clock()
            yield number
            now = self._clock()
            if now + (now - began) > end:
                return
