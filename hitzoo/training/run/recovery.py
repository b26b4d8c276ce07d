"""The newest checkpoint of a run that is whole: damage costs the steps since the one before, not the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hitzoo.errors import RunError, WeightsError
from hitzoo.training.run.checkpoint import TENSOR_FILES, read_progress
from hitzoo.zoo.checkpoint_index import is_indexed, set_aside, verify
from hitzoo.zoo.run_layout import checkpoints
from hitzoo.zoo.weights import read_metadata


def newest_good_checkpoint(folder: Path, warn: Callable[[str], None]) -> Path | None:
    """The checkpoint to go on from, of those in `folder`; None where there is none at all.

    Every file of a checkpoint is read and its sha256 compared. Damaged ones that are newer than the one found are named
    to `warn`, one line each, and set aside as `damaged-step-…`, so that their steps are made and saved again. In a run
    of several processes only one may call this.

    Raises:
        RunError: there are checkpoints and not one is whole; nothing was renamed.
    """
    damaged: list[tuple[Path, list[str]]] = []
    for place in reversed(checkpoints(folder)):
        found = problems(place)
        if not found:
            for bad, wrong in damaged:
                aside = set_aside(bad)
                warn(f"{bad} is damaged ({'; '.join(wrong)}); set aside as {aside.name}, going on from {place.name}")
            return place
        damaged.append((place, found))
    if damaged:
        raise RunError(_none_left(folder, damaged))
    return None


def problems(place: Path) -> list[str]:
    """List the faults of a checkpoint, one line each. One without an index is only seen to be complete and not cut."""
    if is_indexed(place):
        return verify(place)
    found: list[str] = []
    for name in TENSOR_FILES:
        try:
            read_metadata(place / name)  # the header says how long the file must be
        except WeightsError as error:
            found.append(str(error))
    try:
        read_progress(place)
    except WeightsError as error:
        found.append(str(error))
    return found


def _none_left(folder: Path, damaged: list[tuple[Path, list[str]]]) -> str:
    lines = [f"  {place.name}: {'; '.join(wrong)}" for place, wrong in damaged]
    ways = f"put a copy of one back, or remove them to begin the run anew with its seed: rm -r {folder}"
    return "\n".join([f"not one of the checkpoints in {folder} is whole:", *lines, ways])
