"""The events of a run; the command line shows them, a program may ignore them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hitzoo.training.run.metrics import Record
from hitzoo.zoo.model_layout import model_file_of


def _never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True)
class RunStart:
    """The beginning of a run: steps `first` + 1 to `last`, in `processes`, with micro-batches of `at_once` images.

    A step takes `images_per_step` real images, which is `batch_size` unless it has several updates.
    `stopping` says, at any time, whether the run was asked to stop and only ends its step.
    """

    name: str
    folder: Path
    device: str
    data: str
    images: int
    batch_size: int
    first: int
    last: int
    images_per_step: int
    processes: int = 1
    at_once: int | None = None
    stopping: Callable[[], bool] = _never


@dataclass(frozen=True)
class RunEnd:
    """The end of a run. Before its last step it was stopped by the `signal` of that number, or its time was `up`."""

    folder: Path
    step: int
    checkpoint: Path
    samples: Path
    unreadable: tuple[str, ...]
    signal: int | None
    up: bool = False

    @property
    def autoencodes(self) -> bool:
        """True if the model takes pictures, and no seeds."""
        return (self.checkpoint / model_file_of("encoder")).is_file()


class RunEvents(Protocol):
    """Receives the events of a run."""

    def started(self, start: RunStart) -> None:
        """The first step is about to begin."""

    def stepped(self, step: int) -> None:
        """Step `step` is done."""

    def busy(self, what: str) -> None:
        """Something between two steps begins that takes its time: "evaluating"."""

    def recorded(self, record: Record) -> None:
        """Some more steps are done: their numbers."""

    def noted(self, message: str) -> None:
        """Something worth a line: a file that was skipped, a checkpoint, a grid."""


class NoEvents:
    """Ignores all events."""

    def started(self, start: RunStart) -> None:
        """Nothing."""

    def stepped(self, step: int) -> None:
        """Nothing."""

    def busy(self, what: str) -> None:
        """Nothing."""

    def recorded(self, record: Record) -> None:
        """Nothing."""

    def noted(self, message: str) -> None:
        """Nothing."""
