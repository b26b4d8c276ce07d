"""The result of a step."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.objectives.losses import Losses


@dataclass(frozen=True)
class Outcome:
    """The result of a step.

    Attributes:
        losses: means over this process's images.
        damaged: what was not finite, in any process; the step then ended before that update.
        stop: some process was asked to stop.
        save: some process was asked to save.
    """

    losses: Losses
    damaged: tuple[str, ...]
    stop: bool
    save: bool = False

    @property
    def applied(self) -> bool:
        """True if the whole step reached the weights."""
        return not self.damaged
