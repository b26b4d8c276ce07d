"""The numbers of an evaluation, each with its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hitzoo.evaluation.metrics import Better


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number. `deviation` is over the groups of the inception score or the subsets of KID, else None.

    `protocol` is plain data with all that the number depends on: definition and features, both sets of images, how
    they were made square, device and versions.
    """

    metric: str
    name: str
    value: float
    deviation: float | None
    better: Better
    protocol: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "metric": self.metric,
            "name": self.name,
            "value": self.value,
            "deviation": self.deviation,
            "better": self.better,
            "protocol": dict(self.protocol),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """Result of an evaluation. `notes` are sentences on what makes its numbers less reliable."""

    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        """Look up a value: `report["fid"]`, `report["precision"]`."""
        return self.values()[name]

    def values(self) -> dict[str, float]:
        """All values by name, in the order requested, as a line of a training log holds them."""
        return {score.name: score.value for score in self.scores}

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, protocols included."""
        return {"scores": [score.to_json() for score in self.scores], "notes": list(self.notes)}
