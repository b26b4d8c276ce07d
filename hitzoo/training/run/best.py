"""The best checkpoint of a run by its evaluations, remembered in `best.json` beside the checkpoints' folder.

The order within a step is: evaluate, write the metrics line, consider, save, keep. The checkpoint is what makes a step
final: a run that is killed before it is there goes on from an earlier one, and evaluates again.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hitzoo.files import parse_json, write_text, writing
from hitzoo.training.run.metrics_file import CHOSEN, EVALUATION, as_number, as_step, last_records, read_records
from hitzoo.zoo.run_layout import RunPaths, step_name, step_of


@dataclass(frozen=True)
class Verdict:
    """One evaluation of the checkpoint named `checkpoint`, or of its `average` of that name, by `metric` (`fid`)."""

    checkpoint: str
    metric: str
    value: float
    lower_is_better: bool
    average: str | None = None

    @property
    def step(self) -> int:
        """The checkpoint's."""
        return step_of(self.checkpoint) or 0

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; `average` is left out where there is one."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def beats(self, other: Verdict) -> bool:
        """Return True if this one is strictly better, or of another metric: then the newer goes on."""
        if (self.metric, self.lower_is_better) != (other.metric, other.lower_is_better):
            return True
        return self.value < other.value if self.lower_is_better else self.value > other.value


@dataclass
class Best:
    """The record of a run, and the verdict it holds, if there is one."""

    run: RunPaths
    verdict: Verdict | None = None

    @classmethod
    def load(cls, folder: Path) -> Best:
        """The record of the run in `folder` (not of its checkpoints' folder).

        A run that resumed from before its best has no such checkpoint any more: the best of those that are there takes
        its place, by what metrics.jsonl says of them. To be called when both are as the run goes on from.
        """
        run = RunPaths(folder)
        found = _read(run.best)
        if found is not None and not (run.checkpoints / found.checkpoint).is_dir():
            found = _best_there(run, found)
            if found is not None:
                _write(run.best, found)
            else:
                with writing(run.best):
                    run.best.unlink()
        return cls(run, found)

    @property
    def place(self) -> Path | None:
        """The best checkpoint, for `keep`."""
        return self.run.checkpoints / self.verdict.checkpoint if self.verdict else None

    def consider(
        self, step: int, metric: str, value: float, *, lower_is_better: bool, average: str | None = None
    ) -> bool:
        """Take note of the evaluation of a step that is saved, or is about to be; say whether it is the best so far.

        One metric decides: a run calls this with the same one each time. What is not finite is never the best.
        """
        verdict = Verdict(step_name(step), metric, float(value), lower_is_better, average)
        if not math.isfinite(value) or (self.verdict is not None and not verdict.beats(self.verdict)):
            return False
        self.verdict = verdict
        _write(self.run.best, verdict)
        return True


def last_chosen(run: RunPaths) -> str | None:
    """Return the average that the last evaluation of a run chose; None where there is one, or no evaluation yet."""
    (record,) = last_records(run.metrics, 1, f'"{CHOSEN}": "'.encode()) or [{}]
    return _chosen_in(record)


def read_best(run: RunPaths) -> Verdict | None:
    """Read the record, whether or not its checkpoint is there."""
    return _read(run.best)


def _write(path: Path, verdict: Verdict) -> None:
    write_text(path, json.dumps(verdict.to_json()) + "\n")


def _read(path: Path) -> Verdict | None:
    try:
        data: Any = parse_json(path.read_text(encoding="utf-8"))
        found = Verdict(**data)
    except (OSError, ValueError, TypeError):
        return None
    named = isinstance(found.checkpoint, str) and step_of(found.checkpoint) is not None
    value = as_number(found.value)
    words = isinstance(found.metric, str) and isinstance(found.average, str | None)
    if not named or not words or value is None or not isinstance(found.lower_is_better, bool):
        return None
    return replace(found, value=value)


def _chosen_in(record: dict[str, Any]) -> str | None:
    found = record.get(CHOSEN)
    return found if isinstance(found, str) else None


def _best_there(run: RunPaths, lost: Verdict) -> Verdict | None:
    """The best by the same metric among the checkpoints that are there."""
    best: Verdict | None = None
    for record in read_records(run.metrics):
        value, step = as_number(record.get(EVALUATION + lost.metric)), as_step(record.get("step"))
        if value is None or step is None or not math.isfinite(value):
            continue
        verdict = Verdict(step_name(step), lost.metric, value, lost.lower_is_better, _chosen_in(record))
        if (run.checkpoints / verdict.checkpoint).is_dir() and (best is None or verdict.beats(best)):
            best = verdict
    return best
