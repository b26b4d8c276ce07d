"""The place of an update in a run, on which lazy terms and schedules depend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """Update `index` (from 0) of step `step` (from 1), after `images` real images of the run.

    `logits` has the moving averages of the mean logits of real and of fake images, where a term compares with them.
    """

    step: int = 1
    images: int = 0
    index: int = 0
    logits: tuple[float, float] = (0.0, 0.0)
