"""Some real steps of a recipe on this machine, of growing size, as far as a few seconds reach."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from hitzoo.errors import RunError, first_line
from hitzoo.runtime.allocator import keep_freed_memory_if_ample
from hitzoo.runtime.device import wait_for
from hitzoo.training.engine.out_of_memory import is_too_large

_MOST = 7  # timed steps of the largest size
_GROWTH = 1.25  # a step of the next size is thought to take at most its share of images times this

Step: TypeAlias = Callable[[int], object]
"""Makes update number n (from 1), with images it holds."""


@dataclass(kw_only=True)
class StepTimes:
    """Seconds of steps by the number of images that were worked on at once: the timed ones of each size, not the first.

    `between` is the time of a step in which no lazy term is due over that of one in which all are. `peak_bytes` is the
    most a CUDA device held at the largest size, 0 elsewhere; `full` says that a larger size did not fit on it.
    """

    seconds: dict[int, tuple[float, ...]] = field(default_factory=dict)
    between: float = 1.0
    peak_bytes: int = 0
    full: bool = False

    @property
    def largest(self) -> int:
        """Images at once of the largest size."""
        return max(self.seconds)

    def median(self, size: int) -> float:
        """Seconds of a step of a size that was timed."""
        return statistics.median(self.seconds[size])

    def seconds_of(self, images: int) -> float:
        """A step of so many images at once: timed, or by a straight line through the two largest sizes that were."""
        if images in self.seconds:
            return self.median(images)
        *smaller, size = sorted(self.seconds)
        each = self.median(size) / size
        if smaller:
            slope = (self.median(size) - self.median(smaller[-1])) / (size - smaller[-1])
            each = min(max(slope, each / 2), each)
        return self.median(size) + each * (images - size)


class StepTimer:
    """Times the steps that `stepper` makes for a size, within a `budget` of seconds in all.

    `progress` is called with a description of each timing.
    """

    def __init__(
        self,
        stepper: Callable[[int], Step],
        *,
        device: torch.device,
        budget: float,
        progress: Callable[[str], None] = lambda what: None,
    ) -> None:
        self.stepper, self.device, self.progress = stepper, device, progress
        self.times = StepTimes()
        self._end = time.perf_counter() + budget

    def run(self, sizes: Sequence[int], *, lazy: bool = False) -> StepTimes:
        """Steps of `sizes` images, smallest first, while the next is likely to be done in time; then more of the last.

        At least one step is made, however long it takes. With `lazy` one without the lazy terms is timed too.

        Raises:
            RunError: not even the smallest size fits on the device.
        """
        step: Step | None = None
        reason = ""
        for size in sizes:
            if step is not None and self._left() < 2 * _GROWTH * self.times.median(self.times.largest) * size / (
                self.times.largest
            ):
                break
            try:
                step = self._first(size)
            except (RuntimeError, MemoryError) as error:
                if not is_too_large(error):
                    raise
                self.times.full, reason = True, first_line(error)
                break
        if step is None:
            raise RunError(
                f"not even {sizes[0]} images at once fit on the device ({reason});"
                " training.activation_checkpointing: all and narrower stages take less"
            )
        self._more(step, self.times.largest)
        if lazy:
            self.times.between = min(1.0, self._timed(step, 2) / self.times.median(self.times.largest))
        return self.times

    def _first(self, size: int) -> Step:
        """The first step of a size warms up; it counts only where there is no time for another."""
        self.progress(f"a step of {size} image{'' if size == 1 else 's'}")
        step = self.stepper(size)
        warm = self._timed(step, 1)
        if not self.times.seconds:
            keep_freed_memory_if_ample()
        self.times.seconds[size] = (warm if warm > self._left() else self._timed(step, 1),)
        return step

    def _more(self, step: Step, size: int) -> None:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            step(1)
            self.times.peak_bytes = torch.cuda.max_memory_allocated(self.device)
        while len(self.times.seconds[size]) < _MOST and self.times.seconds[size][-1] < self._left():
            self.progress(f"steps of {size} image{'' if size == 1 else 's'}")
            self.times.seconds[size] = (*self.times.seconds[size], self._timed(step, 1))

    def _timed(self, step: Step, number: int) -> float:
        wait_for(self.device)
        began = time.perf_counter()
        step(number)
        wait_for(self.device)
        return time.perf_counter() - began

    def _left(self) -> float:
        return self._end - time.perf_counter()
