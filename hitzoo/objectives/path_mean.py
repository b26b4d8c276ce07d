"""The moving average of path lengths, which path length regularization pulls the lengths towards."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass
class PathMean:
    """a ← a + decay·(mean length − a) after each update, from 0 on; it is a checkpoint's.

    In several processes it is the same, for the mean is over the images of all.
    Source: Karras et al. 2020, section 3.2; the published code has a decay of 0.01.
    """

    decay: float
    value: float = 0.0

    def after(self, length: float) -> None:
        """Take in the mean length of an update's images."""
        self.value += self.decay * (length - self.value)

    @property
    def numbers(self) -> dict[str, float]:
        """What is to be saved."""
        return {"mean": self.value}

    def restore(self, numbers: dict[str, float]) -> None:
        """Go on from what was saved.

        Raises:
            ValueError: it is not that.
        """
        try:
            value = float(numbers["mean"])
        except (KeyError, TypeError) as error:
            raise ValueError("it does not hold the mean path length") from error
        if not (isfinite(value) and value >= 0):
            raise ValueError("its mean path length cannot be a run's")
        self.value = value
