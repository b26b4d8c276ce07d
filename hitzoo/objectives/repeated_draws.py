"""Random numbers that are drawn once and given to several versions of the same images."""

from __future__ import annotations

import torch

from hitzoo.objectives.batch_random import BatchRandom, Draw


class RepeatedDraws(BatchRandom):
    """The draws of a first use, repeated to each that begins `from_the_first`."""

    def __init__(self, random: BatchRandom) -> None:
        self._random, self._kept = random, list[torch.Tensor]()
        self._next, self._count = 0, 0

    def from_the_first(self, count: int) -> RepeatedDraws:
        """Return the same numbers for the first `count` images; those that no use has asked for are drawn."""
        other = RepeatedDraws(self._random)
        other._kept, other._count = self._kept, count
        return other

    def _take(self, draw: Draw) -> torch.Tensor:
        if self._next == len(self._kept):
            self._kept.append(self._random._take(draw))
        self._next += 1
        numbers = self._kept[self._next - 1]
        return numbers[: self._count] if draw.per_image else numbers
