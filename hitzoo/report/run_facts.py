"""Everything that a report tells of a run, read from its folder without torch; nothing there is changed or believed.

A run that goes on, is damaged, was killed or has not begun is told as far as it can be read; what is missing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hitzoo.errors import HitzooError, RunError
from hitzoo.families.compile import compile_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.report.curve import Curves
from hitzoo.spec.types import Spec
from hitzoo.training.run.listing import RunSummary, list_runs, summarize
from hitzoo.training.run.metrics_file import read_records
from hitzoo.training.run.record import RunRecord
from hitzoo.zoo.run_layout import ANY_STEP, step_of

MOST_RUNS = 12
_NO_RUN = ("a model", "not a run", "unreadable")


@dataclass(frozen=True)
class RunFacts:
    """A run: its `name` on the page, its files, state and numbers, and its spec and plan, or why there is none."""

    name: str
    record: RunRecord
    summary: RunSummary
    curves: Curves
    sessions: tuple[Mapping[str, Any], ...]
    grids: tuple[tuple[int, Path], ...]
    spec: Spec | None = None
    plan: ModelPlan | None = None
    problem: str = ""

    @property
    def real(self) -> Path | None:
        """The grid of real images, where there is one."""
        path = self.record.samples / "real.png"
        return path if path.is_file() else None

    @property
    def goes_on(self) -> bool:
        """True while the run's process is there, or seems to be on another host."""
        return self.summary.state in ("running", "running?")

    def images_at(self, step: int) -> float | None:
        """Return the images shown by a step, where the run says how many a step has."""
        return step * self.curves.images_per_step if self.curves.images_per_step else None


def run_folders(places: Sequence[Path]) -> list[Path]:
    """Return the folders of the runs asked for, each once; a folder of runs stands for all in it.

    Raises:
        RunError: there is no run at a place, or there are too many.
    """
    found: dict[Path, Path] = {}  # by where it lies, however it was named
    for place in places:
        if not place.is_dir():
            there = "is not a folder" if place.exists() else "is not there"
            raise RunError(f"{place} {there}; give the folder of a run: `hitzoo runs DIR` lists them")
        runs = [run for run in list_runs(place) if run.state not in _NO_RUN]
        if not runs:
            raise RunError(f"{place} holds no run; give the folder of one: `hitzoo runs DIR` lists them")
        for run in runs:
            found.setdefault(run.folder.resolve(), run.folder)
    if len(found) > MOST_RUNS:
        raise RunError(f"{len(found)} runs are too many for one page; name up to {MOST_RUNS} of them")
    return list(found.values())


def read_runs(folders: Sequence[Path]) -> list[RunFacts]:
    """Read the runs in some folders."""
    return [_read(folder, name) for folder, name in zip(folders, _names(folders), strict=True)]


def _read(folder: Path, name: str) -> RunFacts:
    record = RunRecord(folder)
    spec, plan, problem = _networks(record)
    return RunFacts(
        name=name,
        record=record,
        summary=summarize(folder),
        curves=Curves.of(read_records(record.metrics)),
        sessions=tuple(one for one in record.sessions() if isinstance(one, dict)),
        grids=tuple(_grids(record)),
        spec=spec,
        plan=plan,
        problem=problem,
    )


def _networks(record: RunRecord) -> tuple[Spec | None, ModelPlan | None, str]:
    """Return spec and plan; of a spec that cannot be used, what is wrong with it."""
    spec = None
    try:
        spec = record.trained_spec()
        return (spec, compile_spec(spec), "") if spec is not None else (None, None, "neither spec.yaml nor run.json")
    except HitzooError as error:
        return spec, None, str(error)
    except OSError as error:
        return None, None, f"spec.yaml: {error.strerror or error}"


def _grids(record: RunRecord) -> Iterable[tuple[int, Path]]:
    try:
        paths = sorted(record.samples.glob(f"{ANY_STEP}.png"))
    except OSError:
        return []
    found = ((step_of(path.stem), path) for path in paths)
    return sorted((step, path) for step, path in found if step is not None)


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the folders' own names; where several are called alike, with as much of their paths as differs."""
    whole = [folder.absolute() for folder in folders]
    depth = 1
    while True:
        names = ["/".join(path.parts[-depth:]) for path in whole]
        if len(set(names)) == len(names) or depth > max(len(path.parts) for path in whole):
            return names
        depth += 1
