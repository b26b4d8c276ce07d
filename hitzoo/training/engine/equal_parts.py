"""Division of updates into parts of equal size, one per process and micro-batch."""

from __future__ import annotations

from hitzoo.errors import RequestError
from hitzoo.objectives.update import Objective


def refuse_uneven(objective: Objective, parts: int) -> None:
    """Refuse updates that do not divide into equal parts: a mean of their means would not be the batch's."""
    for update in objective.updates(1):
        for count in (update.images, update.latents):
            if count % parts:
                whole = f"an update of {count} images does not divide into {parts} equal parts"
                raise RequestError(f"{whole}, one per process and micro-batch; choose a multiple of {parts}")
