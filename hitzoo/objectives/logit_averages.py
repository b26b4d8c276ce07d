"""Moving averages of the discriminator's mean logits, for terms that compare logits with those of before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_KEYS = ("real", "fake")


class LogitAverages:
    """The averages over real and fake images, 0 at first; a run saves them, since no step can tell them anew.

    Differs from the code of LeCam (Tseng et al. 2021), whose averages are corrected for their beginning and take in a
    step before it compares with them.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay  # per step
        self.real = self.fake = 0.0

    def after(self, real: float, fake: float) -> None:
        """Take in the mean logits of a step: those of the last update that the discriminator's own loss made."""
        self.real += (1 - self.decay) * (real - self.real)
        self.fake += (1 - self.decay) * (fake - self.fake)

    @property
    def values(self) -> tuple[float, float]:
        """The average over real images, and that over fake ones."""
        return self.real, self.fake

    @property
    def numbers(self) -> dict[str, float]:
        """The averages for a checkpoint."""
        return dict(zip(_KEYS, self.values, strict=True))

    def restore(self, numbers: Mapping[str, Any]) -> None:
        """Set the averages to those of a checkpoint.

        Raises:
            ValueError: it holds none.
        """
        values = [numbers.get(key) if isinstance(numbers, Mapping) else None for key in _KEYS]
        if not all(isinstance(value, float | int) and math.isfinite(value) for value in values):
            raise ValueError("the averages of the logits are no numbers")
        self.real, self.fake = (float(value or 0.0) for value in values)
