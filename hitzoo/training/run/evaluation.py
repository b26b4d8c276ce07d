"""An evaluation in the course of a run: of several averages, the best by the first metric is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hitzoo.evaluation.metrics import METRICS
from hitzoo.evaluation.report import Report
from hitzoo.training.run.metrics_file import CHOSEN, EVALUATION, evaluation_of


@dataclass(frozen=True)
class Evaluation:
    """The reports on a generator's averages at one step, by name in the spec's order, and the average `chosen`."""

    reports: Mapping[str, Report]
    chosen: str

    @classmethod
    def of(cls, reports: Mapping[str, Report]) -> Evaluation:
        """Choose the average whose value of the first metric is best; the earlier of equal ones."""
        names = list(reports)
        metric, better = _decisive(reports[names[0]])
        sign = 1 if better == "lower" else -1

        def rank(name: str) -> float:
            value = reports[name].values()[metric]
            return sign * value if math.isfinite(value) else math.inf

        return cls(reports, min(names, key=rank))

    @property
    def report(self) -> Report:
        """The report on the chosen average."""
        return self.reports[self.chosen]

    @property
    def average(self) -> str | None:
        """Name of the chosen average; None where there is one."""
        return self.chosen if len(self.reports) > 1 else None

    @property
    def verdict(self) -> tuple[str, float, bool]:
        """Name and value of the first metric, and whether lower is better."""
        metric, better = _decisive(self.report)
        return metric, self.report.values()[metric], better == "lower"

    def values(self) -> dict[str, float]:
        """Return the numbers of all averages by their names in `metrics.jsonl`; those of the chosen one are `eval/`."""
        found = {f"{EVALUATION}{name}": value for name, value in self.report.values().items()}
        if self.average is not None:
            for average, report in self.reports.items():
                found |= {f"{evaluation_of(average)}{name}": value for name, value in report.values().items()}
        return found

    def line(self) -> dict[str, Any]:
        """Return what a line of `metrics.jsonl` holds."""
        return self.values() | ({} if self.average is None else {CHOSEN: self.average})

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: the report on the chosen average and, of several, the others by name."""
        if self.average is None:
            return self.report.to_json()
        others = {name: report.to_json() for name, report in self.reports.items() if name != self.average}
        return self.report.to_json() | {"average": self.average, "other_averages": others}

    def in_words(self) -> str:
        """Return the chosen average's values, then the first one of the others.

        `fid 12.3  (average 10000; fid of 100000: 14)`
        """
        shown = "  ".join(f"{name} {value:.4g}" for name, value in self.report.values().items())
        if self.average is None:
            return shown
        metric, _ = _decisive(self.report)
        others = [f"{name}: {one.values()[metric]:.4g}" for name, one in self.reports.items() if name != self.average]
        return f"{shown}  (average {self.average}; {metric} of {', '.join(others)})"


def _decisive(report: Report) -> tuple[str, str]:
    """Name of the value that decides, and whether lower or higher is better."""
    return METRICS[report.scores[0].metric].values[0]
