"""What a run tells while it goes on; the command line draws it, a program may ignore it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hitzoo.training.metrics import Record


@dataclass(frozen=True)
class RunStart:
    """What is about to run: steps `first` + 1 to `last`, in `processes`, a device with `at_once` images at a time."""

    name: str
    folder: Path
    device: str
    data: str
    images: int
    batch_size: int
    first: int
    last: int
    processes: int = 1
    at_once: int | None = None


@dataclass(frozen=True)
class RunEnd:
    """How a run ended. `signal` is the number of the one that stopped it before its last step."""

    folder: Path
    step: int
    checkpoint: Path
    samples: Path
    unreadable: tuple[str, ...]
    signal: int | None


class Reporter(Protocol):
    """Hears of a run's progress."""

    def started(self, start: RunStart) -> None:
        """The first step is about to begin."""

    def recorded(self, record: Record) -> None:
        """Some more steps are done."""

    def noted(self, message: str) -> None:
        """Something worth a line: a file that was skipped, a checkpoint, a grid."""


class Silence:
    """A reporter that says nothing."""

    def started(self, start: RunStart) -> None:
        """Nothing."""

    def recorded(self, record: Record) -> None:
        """Nothing."""

    def noted(self, message: str) -> None:
        """Nothing."""
