"""The trackers of a session: opened together, told together, and none of them can stop the training."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError, first_line, suggestion
from hitzoo.training.run.tensorboard import ScalarsAndGrids
from hitzoo.training.run.trackers.mlflow_run import MlflowRun
from hitzoo.training.run.trackers.tracked_run import TrackedRun
from hitzoo.training.run.trackers.trackio_run import TrackioRun
from hitzoo.training.run.trackers.wandb_run import WandbRun

TENSORBOARD: Final = "tensorboard"
TRACKERS: Final = (TENSORBOARD, "wandb", "trackio", "mlflow")


def known_trackers(names: Iterable[str]) -> tuple[str, ...]:
    """Return the trackers that are asked for, each once.

    Raises:
        RequestError: there is none of that name, or its library is not installed.
    """
    found = tuple(dict.fromkeys(names))
    for name in found:
        if name not in TRACKERS:
            hint = suggestion(name, TRACKERS)
            raise RequestError(f"--log-to {name}: give {', '.join(TRACKERS)}{f'; {hint}' if hint else ''}")
        if find_spec(name) is None:
            raise RequestError(f"--log-to {name}: {name} is not installed; pip install 'hitzoo[{name}]'")
    return found


def open_trackers(names: Sequence[str], run: TrackedRun, note: Callable[[str], None]) -> list[ScalarsAndGrids]:
    """Open trackers but TensorBoard's, which a run has in any case; what cannot be opened is noted, and left out."""
    ways: Mapping[str, Callable[[], ScalarsAndGrids]] = {
        "wandb": lambda: WandbRun(run, note),
        "trackio": lambda: TrackioRun(run),
        "mlflow": lambda: MlflowRun(run),
    }
    return [GuardedTracker(name, ways[name], note) for name in names if name in ways]


class GuardedTracker:
    """A tracker whose first failure is noted and ends it, not the run; what it prints is not shown."""

    def __init__(self, name: str, way: Callable[[], ScalarsAndGrids], note: Callable[[str], None]) -> None:
        self._name, self._note = name, note
        self.writing = True
        self._tracker: Any = self._try(way)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        if self.writing:
            self._try(lambda: self._tracker.scalars(step, values))

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""
        if self.writing:
            self._try(lambda: self._tracker.grid(step, name, pixels))

    def close(self) -> None:
        """Nothing more will come."""
        if self.writing:
            self._try(lambda: self._tracker.close())
        self.writing = False

    def _try(self, act: Callable[[], Any]) -> Any:
        try:
            with redirect_stdout(io.StringIO()):
                return act()
        except Exception as error:  # of a library that talks to a network; the training needs none
            self.writing = False
            self._note(f"warning: {self._name} fails, and is told no more: {first_line(error)}")


class AllTrackers:
    """Several as one."""

    def __init__(self, trackers: Sequence[ScalarsAndGrids]) -> None:
        self.trackers = tuple(trackers)

    @property
    def writing(self) -> bool:
        """True while any of them is told."""
        return any(tracker.writing for tracker in self.trackers)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        for tracker in self.trackers:
            tracker.scalars(step, values)

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""
        for tracker in self.trackers:
            tracker.grid(step, name, pixels)

    def close(self) -> None:
        """Nothing more will come."""
        for tracker in self.trackers:
            tracker.close()
