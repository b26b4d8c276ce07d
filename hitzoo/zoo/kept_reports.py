"""Evaluations in a run's `evaluations` folder: the run's own, `step-00001000.json`, and those of `hitzoo eval`.

The latter are called `step-00001000-HASH.json` by how they were made: the same evaluation again takes the place of the
one before, another one stands beside it. Each says which weights file it is of: where a run was resumed from before
that step and has saved it anew, it is of no checkpoint any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeGuard

from hitzoo.files import write_text
from hitzoo.zoo.file_digests import sha256_of
from hitzoo.zoo.model_layout import INDEX_NAME, WEIGHTS_NAME
from hitzoo.zoo.run_layout import ANY_STEP, RunPaths, run_of, step_of

_LETTERS = 8
_OF = "weights_file"  # the key of what it is of


def is_checkpoint_of_run(checkpoint: Path) -> bool:
    """Check that a model folder is a checkpoint in the folder of a run."""
    run = run_of(checkpoint)
    return run is not None and step_of(checkpoint.name) is not None and run.is_run()


def keep_report(checkpoint: Path, report: Mapping[str, Any], weights: Path | None = None) -> Path:
    """Write an evaluation of a run's checkpoint into the run, and say where; `weights` may be another average's.

    Raises:
        OutputError: it cannot be written.
    """
    how = [{**score, "value": None, "deviation": None} for score in report["scores"]]
    mark = sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()[:_LETTERS]
    path = _run_around(checkpoint).evaluation(f"{checkpoint.name}-{mark}")
    written = {_OF: sha256_of(weights or checkpoint / WEIGHTS_NAME), **report}
    write_text(path, json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    return path


def kept_report(
    checkpoint: Path, weights: Path | None = None, average: str | None = None
) -> tuple[Path, dict[str, Any]]:
    """The evaluation that speaks for a checkpoint, and its file: the run's own, else the newest of `hitzoo eval`.

    It is that of the checkpoint's model, or of other `weights` of it, which are the `average` of that name. Empty
    without one; what the run's own file holds is as it was found, for the caller to check.
    """
    run = _run_around(checkpoint)
    own = run.evaluation(checkpoint.name)
    if found := _of_average(_object(own), average):
        return own, found
    for path in by_hand(run.evaluations, checkpoint.name):
        found = read_report_file(path)
        if found and found.pop(_OF, None) == _digest(weights or checkpoint / WEIGHTS_NAME):
            return path, found
    return own, {}


def _of_average(found: dict[str, Any], average: str | None) -> dict[str, Any]:
    """The part of a run's own evaluation that is of one average: it has the best one's, and the others by name."""
    chosen, others = found.get("average"), found.pop("other_averages", None)
    if average == chosen or (average is None and chosen is not None):
        return found
    of_it = others.get(average) if isinstance(others, dict) and isinstance(average, str) else None
    return of_it | {"average": average} if isinstance(of_it, dict) else {}


def by_hand(folder: Path, checkpoint: str = ANY_STEP) -> list[Path]:
    """The files of `hitzoo eval` in an `evaluations` folder, newest first."""
    try:
        found = [
            (path.stat().st_mtime_ns, path.name, path) for path in folder.glob(f"{checkpoint}-{'?' * _LETTERS}.json")
        ]
    except OSError:
        return []
    return [path for *_, path in sorted(found, reverse=True)]


def newest_values(run: Path) -> tuple[int | None, dict[str, float]]:
    """Step and numbers of what `hitzoo eval` found last of a run's checkpoint that is still there; None without."""
    paths = RunPaths(run)
    for path in by_hand(paths.evaluations):
        checkpoint = paths.checkpoints / path.name.rpartition("-")[0]
        step = step_of(checkpoint.name)
        found = read_report_file(path)
        if step is None or not checkpoint.is_dir() or found.get(_OF) != (_indexed(checkpoint) or found.get(_OF)):
            continue
        scores = found.get("scores") or []
        values = {str(score.get("name")): score.get("value") for score in scores if isinstance(score, dict)}
        numbers = {name: float(value) for name, value in values.items() if _is_number(value)}
        if numbers:
            return step, numbers
    return None, {}


def _run_around(checkpoint: Path) -> RunPaths:
    """The folder two above, whatever it is."""
    return RunPaths(checkpoint.parent.parent)


def read_report_file(path: Path) -> dict[str, Any]:
    """An evaluation from a file; empty where there is none."""
    found = _object(path)
    return found if isinstance(found.get("scores"), list) else {}


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 53)


def _indexed(checkpoint: Path) -> str:
    """The sha256 of the weights as the checkpoint's index has it: known at once, where there is one."""
    try:
        found = json.loads((checkpoint / INDEX_NAME).read_text(encoding="utf-8"))["files"][WEIGHTS_NAME]["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def _digest(weights: Path) -> str:
    try:
        return sha256_of(weights)
    except OSError:
        return ""
