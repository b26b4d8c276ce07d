"""The numbers, each with the protocol it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hitzoo.evaluation.metrics import Better


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number. `deviation` is over the groups of the inception score or the subsets of KID, else None.

    `protocol` is plain data, all that the number depends on: definition and features, generated and real images, how
    they were made square, where and with which versions it was computed.
    """

    metric: str
    name: str
    value: float
    deviation: float | None
    better: Better
    protocol: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The score as JSON values."""
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
    """What an evaluation found. `notes` say what makes its numbers less than they seem, a sentence each."""

    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        """The value of that name: `report["fid"]`, `report["precision"]`."""
        return self.values()[name]

    def values(self) -> dict[str, float]:
        """Every value by its name, in the order asked for: what a line of a training log holds."""
        return {score.name: score.value for score in self.scores}

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {"scores": [score.to_json() for score in self.scores], "notes": list(self.notes)}
