"""Storing an evaluation of a run's checkpoint in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitzoo.evaluation.report import Report


def settled(model: str) -> str:
    """Resolve a run's name to the path of its current checkpoint: a running run saves newer ones meanwhile."""
    from hitzoo.hub.locate import locate
    from hitzoo.places import is_folder, place
    from hitzoo.zoo.kept_reports import is_checkpoint_of_run
    from hitzoo.zoo.run_checkpoints import named_checkpoint
    from hitzoo.zoo.run_layout import RunPaths

    if named_checkpoint(model) is None and not is_folder(RunPaths(place(model)).checkpoints):
        return model
    checkpoint = locate(model).weights.parent
    return str(checkpoint.absolute()) if is_checkpoint_of_run(checkpoint) else model


def store_in_run(model: str, report: Report, note: Callable[[str], None]) -> None:
    """Store the numbers if the model is a run's checkpoint; `note` is called with the place, or the reason not to."""
    from hitzoo.errors import OutputError
    from hitzoo.places import from_here, place
    from hitzoo.zoo.kept_reports import is_checkpoint_of_run, keep_report

    checkpoint = place(model)
    if not is_checkpoint_of_run(checkpoint):
        return
    try:
        kept = keep_report(checkpoint, report.to_json())
    except OutputError as error:
        note(f"the numbers are not stored in the run: {error.as_option or error}")
        return
    note(f"stored in the run: {from_here(kept)}")
