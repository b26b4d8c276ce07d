"""The runs below a folder and how far each is, from their files alone: nothing is loaded, nothing is changed.

A run that is being written, was killed or is half deleted is told as what can be read of it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from hitzoo.files import parse_json, reason_of
from hitzoo.training.run.best import Verdict, read_best
from hitzoo.training.run.metrics_file import EVALUATION, as_number, as_step, failures_showing, last_records
from hitzoo.zoo.kept_reports import newest_values
from hitzoo.zoo.model_layout import is_model
from hitzoo.zoo.run_layout import RunPaths, step_of

State: TypeAlias = Literal[
    "running", "running?", "finished", "stopped", "not begun", "a model", "not a run", "damaged", "unreadable"
]

_LOSS = "loss/"
_DEEPEST = 4  # folders below the one that is listed
_LINES = 5  # whose speeds are looked at
_FRESH = 600  # seconds since the last line of a run on another host


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A run as far as its folder tells. `step` is the last one logged, `checkpoint` the last one saved.

    `images_per_second` is the median of the last lines; `losses` and `evaluation` are the last ones by their names, the
    latter made at `evaluation_step`, while it trained or by `hitzoo eval`. `name` is the spec's; `model` what the run's
    model is called, where that is another. `failures` are known ones that show by its own numbers. `note` says what is
    wrong, if something is.
    """

    folder: Path
    state: State
    name: str | None = None
    model: str | None = None
    step: int | None = None
    steps: int | None = None
    checkpoint: int | None = None
    images_per_second: float | None = None
    losses: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, float] = field(default_factory=dict)
    evaluation_step: int | None = None
    best: Verdict | None = None
    failures: tuple[str, ...] = ()
    note: str = ""


def list_runs(folder: Path) -> list[RunSummary]:
    """Every run in `folder` and its subfolders, by path; and what lies among them and is none."""
    if _is_run(folder):
        return [summarize(folder)]
    return list(_below(folder, _DEEPEST))


def summarize(folder: Path) -> RunSummary:
    """One run's folder."""
    run = RunPaths(folder)
    about, note = _about(run)
    records = last_records(run.metrics, _LINES)
    evaluated = next(iter(last_records(run.metrics, 1, b'"' + EVALUATION.encode())), {})
    losses = next((found for record in records if (found := _numbers(record, _LOSS))), {})
    speeds = sorted(speed for record in records if (speed := as_number(record.get("images_per_second"))) is not None)
    evaluated_at, values = _evaluation(run, as_step(evaluated.get("step")), _numbers(evaluated, EVALUATION))
    name, steps = _name_and_steps(run, about)
    saved = _newest_saved(run)
    logged = next((step for record in records if (step := as_step(record.get("step"))) is not None), None)
    return RunSummary(
        folder=folder,
        state="damaged" if note else _state(run, about, steps, saved, begun=bool(records) or saved is not None),
        name=_word(about.get("made_from")) or name,
        model=name if _word(about.get("made_from")) else None,
        step=logged if logged is not None else saved,
        steps=steps,
        checkpoint=saved,
        images_per_second=speeds[len(speeds) // 2] if speeds else None,
        losses=losses,
        evaluation=values,
        evaluation_step=evaluated_at,
        best=read_best(run),
        failures=failures_showing(run.metrics),
        note=note,
    )


def _evaluation(run: RunPaths, own_step: int | None, own: dict[str, float]) -> tuple[int | None, dict[str, float]]:
    """The later of the run's own evaluation and what `hitzoo eval` found of it; of one step the numbers of both."""
    step, values = newest_values(run.path)
    if step is None or (own_step is not None and own_step > step):
        return own_step, own
    return step, {**own, **values} if own_step == step else values


def _below(folder: Path, depth: int) -> Iterator[RunSummary]:
    """The runs below a folder; a subfolder that holds none at all is told as such."""
    try:
        children = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        yield RunSummary(folder=folder, state="unreadable", note=reason_of(error, reading=True))
        return
    for child in children:
        if _is_run(child):
            yield summarize(child)
            continue
        if _is_model(child):
            yield RunSummary(folder=child, state="a model")
            continue
        deeper = [] if depth == 1 or child.is_symlink() else list(_below(child, depth - 1))
        if any(found.state != "not a run" for found in deeper):
            yield from deeper
        else:
            yield RunSummary(folder=child, state="not a run")


def _is_run(folder: Path) -> bool:
    """A folder that training has begun to fill; `hitzoo.training.run.folder` writes `spec.yaml` and `run.json`."""
    run = RunPaths(folder)
    with suppress(OSError):
        return run.about.is_file() or (run.spec.is_file() and (run.metrics.is_file() or run.checkpoints.is_dir()))
    return False


def _is_model(folder: Path) -> bool:
    with suppress(OSError):
        return is_model(folder)
    return False


def _about(run: RunPaths) -> tuple[dict[str, Any], str]:
    """`run.json`, and what is wrong with it."""
    try:
        found = parse_json(run.about.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, f"{run.about.name} is missing"
    except OSError as error:
        return {}, f"{run.about.name} cannot be read: {reason_of(error, reading=True)}"
    except ValueError:
        found = None
    return (found, "") if isinstance(found, dict) else ({}, f"{run.about.name} is not a run's")


def _name_and_steps(run: RunPaths, about: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """From `run.json`, or from `spec.yaml` where that says nothing: runs of before it held the spec."""
    spec = about.get("spec")
    if not isinstance(spec, dict):
        spec = _spec(run)
    training = spec.get("training")
    name = about.get("name", spec.get("name"))
    return name if isinstance(name, str) else None, as_step(training.get("steps")) if isinstance(
        training, dict
    ) else None


def _spec(run: RunPaths) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(run.spec.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, OverflowError, RecursionError, yaml.YAMLError):  # it is anybody's text
        return {}
    return found if isinstance(found, dict) else {}


def _newest_saved(run: RunPaths) -> int | None:
    """The step of the newest checkpoint, whole or not."""
    return max((step for path in run.saved() if (step := step_of(path.name)) is not None), default=None)


def _state(run: RunPaths, about: Mapping[str, Any], steps: int | None, saved: int | None, *, begun: bool) -> State:
    sessions = about.get("sessions")
    session = sessions[-1] if isinstance(sessions, list) and sessions and isinstance(sessions[-1], dict) else {}
    if session.get("host") == platform.node() and _is_alive(session):
        return "running"
    if steps is not None and saved is not None and saved >= steps:
        return "finished"
    if session.get("host") not in (None, platform.node()) and _age(run.metrics) < _FRESH:
        return "running?"
    return "stopped" if begun else "not begun"


def _is_alive(session: Mapping[str, Any]) -> bool:
    """Return True if the session's process is there; another that got its number later does not count."""
    pid, command = session.get("pid"), session.get("command")
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # it is there, and somebody else's
    except (OSError, OverflowError):  # no process can have that number
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return True
    given = command[1:] if isinstance(command, list) else []
    return words[len(words) - len(given) :] == given and bool(words)


def _age(path: Path) -> float:
    """Seconds since a file was written."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")


def _numbers(record: Mapping[str, Any], prefix: str) -> dict[str, float]:
    found = {key.removeprefix(prefix): as_number(value) for key, value in record.items() if key.startswith(prefix)}
    return {key: value for key, value in found.items() if value is not None}


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None
