"""Networks side by side, in one interleaved run: making images, and the steps of their training.

Whatever was measured stays, however the run ends: `Comparison.to_json` may be asked at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from hitzoo.bench.contender import Contender
from hitzoo.bench.sampling_comparison import SamplingComparison
from hitzoo.bench.time_budget import TimeBudget
from hitzoo.bench.training_comparison import TrainingComparison

_SAMPLING_SHARE = 0.4  # of the time, if steps of training are measured too


class Comparison:
    """Times contenders by turns: calls of `batch` images and of one, and with `trains` a step of each recipe.

    `variant` and `precision` are those of making images; a step is in float32, as `hitzoo train` makes it by default.
    """

    def __init__(
        self,
        contenders: Sequence[Contender],
        *,
        device: torch.device,
        batch: int,
        variant: str = "optimized",
        precision: str = "float32",
        trains: bool = False,
    ) -> None:
        self._contenders, self._facts = contenders, {"path": variant, "precision": precision, "batch": batch}
        self._sampling = SamplingComparison(
            contenders, device=device, batch=batch, variant=variant, precision=precision
        )
        self._training = TrainingComparison(contenders, device=device, batch=batch) if trains else None

    def run(
        self,
        *,
        repeats: int,
        seconds: float | None = None,
        after_round: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Measure up to `repeats` rounds, no more than fit into so many seconds, and one of each at least.

        Args:
            after_round: called when a round has been made; `to_json` has its times.
            progress: called with the calls done and all that there would be, then so of the steps.
        """
        budget = TimeBudget(seconds)
        self._sampling.run(
            repeats=repeats,
            budget=budget,
            share=1.0 if self._training is None else _SAMPLING_SHARE,
            after_round=after_round,
            progress=progress,
        )
        if self._training is not None:
            self._training.run(
                repeats=repeats,
                budget=budget,
                after_round=after_round,
                progress=progress,
            )

    def to_json(self) -> dict[str, Any]:
        """Return what has been measured up to now; a row's `errors` say why something of it could not be."""
        return {**self._facts, "models": [self._row(index, one) for index, one in enumerate(self._contenders)]}

    def _row(self, index: int, contender: Contender) -> dict[str, Any]:
        parts = [self._sampling.row(index), *([] if self._training is None else [self._training.row(index)])]
        errors = {key: reason for part in parts for key, reason in part.pop("errors", {}).items()}
        row = contender.to_json()
        for part in parts:
            row |= part
        return row | ({"errors": errors} if errors else {})
