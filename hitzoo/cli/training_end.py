"""Summary at the end of a run: its state, its images, and how to continue."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitzoo.cli.training_display import TrainingDisplay
    from hitzoo.training.run.events import RunEnd

_NAMED = 5  # unreadable files, at most


def print_end(end: RunEnd, display: TrainingDisplay) -> None:
    """Print the last lines of a session."""
    from hitzoo.cli import console

    if end.unreadable:
        names = ", ".join(end.unreadable[:_NAMED]) + (", …" if len(end.unreadable) > _NAMED else "")
        display.noted(f"{console.count(len(end.unreadable), 'unreadable file')} skipped: {names}")
    folder = quote(str(end.folder))
    display.noted(f"{_state(end)} at step {end.step:,}: {end.checkpoint}; last grid: {end.samples}")
    if end.up or end.signal is not None:
        display.copied(f"continue: hitzoo train --resume {folder}")
    if end.autoencodes:
        display.copied(f"other pictures: hitzoo reconstruct PICTURES --model {folder}")
    else:
        display.copied(f"more samples: hitzoo sample --model {folder} --seeds 0-35 --grid 6x6")


def _state(end: RunEnd) -> str:
    if end.up:
        return "time limit reached: stopped and saved"
    return "stopped and saved" if end.signal is not None else "done"
