"""Known ways in which the training of an autoencoder fails, as rules over the lines of `metrics.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hitzoo.training.run.metrics_file import as_number

_LEAST_USAGE = 0.5  # of what an even choice would use
_TIMES = 3  # records on end


@dataclass
class UnusedCodes:
    """Fewer than half as many codes are chosen as an even choice of as many places would choose, three records long."""

    grace: int  # images
    name: str = "unused_codes"
    _times: int = 0
    _last: tuple[float, float] = (0.0, 1.0)

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at the use of the codes; the first images choose by chance."""
        images, used, even = (as_number(line.get(key)) for key in ("images", "codes/usage", "codes/usage_if_even"))
        if images is None or used is None or not even or images < self.grace:
            return None
        low = used < _LEAST_USAGE * even
        self._times, self._last = self._times + 1 if low else 0, (used, even)
        return False if not low else True if self._times >= _TIMES else None

    def advice(self) -> str:
        """Return the use, and what code books do about it."""
        used, even = self._last
        return (
            f"{used:.0%} of the codes are chosen in a step, where an even choice would take {even:.0%}. Codes that are"
            " revived (quantizer.revive_below), unit_length, learned_by: ema, or a simvq or fsq quantizer use more"
        )


@dataclass
class WeightAtItsLimit:
    """VQGAN's adaptive weight reaches its limit: the adversarial gradient at the decoder's end is next to nothing."""

    most: float
    name: str = "adaptive_weight_at_its_limit"
    _share: float = 0.0

    def see(self, line: Mapping[str, Any]) -> bool | None:
        """Look at the share of steps in which it was at its limit."""
        share = as_number(line.get("adaptive_weight/clipped"))
        if share is None:
            return None
        self._share = share
        return share > 0

    def advice(self) -> str:
        """Return how often it was there, and the fixed weight."""
        return (
            f"the adaptive weight was at its limit of {self.most:g} in {self._share:.0%} of the steps: the adversarial"
            " term has hardly a gradient, and is multiplied by what is left. A later `start`, a smaller `most`, or a"
            " fixed weight (adaptive: false, weight: 0.02 to 0.1)"
        )
