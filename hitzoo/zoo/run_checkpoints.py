"""Checkpoints of a run by name: `runs/x@best`, `runs/x@1000`, `runs/x@newest`; and mistyped runs."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hitzoo.errors import UnknownNameError, WeightsError
from hitzoo.places import is_folder, place
from hitzoo.zoo.model_layout import is_model
from hitzoo.zoo.repo_name import PREFIX
from hitzoo.zoo.run_layout import RunPaths, step_of

_RUNS = "runs"  # the folder that every command of the documentation puts runs into
_STEP = re.compile(r"(?:step-)?(\d[\d,_]*)")
_NEWEST = ("newest", "latest", "last")
_NAMED = 8  # steps in a message


def named_checkpoint(model: str) -> Path | None:
    """The checkpoint that `RUN@WHICH` means, where RUN is the folder of a run here; None for any other name.

    WHICH is `best` (by the run's own evaluations), `newest`, or a step. A folder that has the whole name goes first.

    Raises:
        WeightsError: the run has no such checkpoint; the message says which there are.
    """
    run, at, which = model.rpartition("@")
    run_folder = RunPaths(place(run))
    if not at or not run or is_folder(place(model)) or not is_folder(run_folder.checkpoints):
        return None
    saved = run_folder.saved()
    if not saved:
        raise WeightsError(f"{model}: {run} is a run without a checkpoint yet; let it reach its first one")
    if which in _NEWEST:
        return saved[-1]
    if which == "best":
        return _best(model, run_folder, saved)
    wanted = _STEP.fullmatch(which)
    step = int(re.sub(r"[,_]", "", wanted[1])) if wanted else None
    found = next((checkpoint for checkpoint in saved if step_of(checkpoint.name) == step), None)
    if found is None:
        also = "" if wanted else f"; a model of that name on the Hub is {PREFIX}{model}"
        raise WeightsError(f"{model}: {run} has no checkpoint '{which}'; there are {_choices(run_folder, saved)}{also}")
    return found


def best_average(checkpoint: Path) -> str:
    """Return which of several averages was best, of the checkpoint that is its run's best; empty where there is one."""
    found = _best_record(RunPaths(checkpoint.parent.parent))
    average = found.get("average")
    return average if found.get("checkpoint") == checkpoint.name and isinstance(average, str) else ""


def refuse_mistyped_run(model: str) -> None:
    """Refuse a name meant for a folder, before the Hub is asked: in `runs`, beside other runs, or near a model's.

    To be called when no folder here has the whole name.

    Raises:
        UnknownNameError: so it is; the message names what is near.
    """
    path = model.partition("@")[0]
    parent = place(path).parent
    if is_folder(place(path)):  # ORG/NAME@REVISION, and a copy of it here
        return
    beside = _subfolders(parent)
    runs = [child.name for child in beside if RunPaths(child).checkpoints.is_dir()]
    models = [child.name for child in beside if is_model(child)]
    near = get_close_matches(Path(path).name, [*runs, *models], n=1)
    if not near and not runs and parent != Path(_RUNS):
        return
    known = ", ".join(runs[:_NAMED]) + (", …" if len(runs) > _NAMED else "") or "no run"
    there = f"did you mean '{parent / near[0]}'?" if near else f"{parent} holds {known};"
    raise UnknownNameError(
        f"no run or model is named {path} here; {there} a model of that name on the Hub is {PREFIX}{model}"
    )


def _best(model: str, folder: RunPaths, saved: list[Path]) -> Path:
    name = _name_of_best(folder)
    found = next((checkpoint for checkpoint in saved if checkpoint.name == name), None)
    if found is None:
        raise WeightsError(
            f"{model}: the run has no best checkpoint, since none was evaluated while it trained"
            f" (evaluation.every: N in its spec does that); there are {_choices(folder, saved)}"
        )
    return found


def _name_of_best(folder: RunPaths) -> str | None:
    name = _best_record(folder).get("checkpoint")
    return name if isinstance(name, str) else None


def _best_record(folder: RunPaths) -> dict[str, Any]:
    """Read `best.json`, which `hitzoo.training.run.best` writes."""
    try:
        found = json.loads(folder.best.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _choices(folder: RunPaths, saved: list[Path]) -> str:
    steps = [str(step_of(checkpoint.name)) for checkpoint in saved]
    shown = steps if len(steps) <= _NAMED else [*steps[:2], "…", *steps[-_NAMED + 2 :]]
    best = _name_of_best(folder)
    return ", ".join([*shown, "newest", *(["best"] if any(checkpoint.name == best for checkpoint in saved) else [])])


def _subfolders(parent: Path) -> list[Path]:
    try:
        return sorted(child for child in parent.iterdir() if child.is_dir())
    except OSError:
        return []
