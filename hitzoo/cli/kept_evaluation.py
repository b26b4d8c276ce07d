"""An evaluation of a run's checkpoint stays in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitzoo.evaluation.report import Report


def settled(model: str) -> str:
    """The checkpoint that a run's name means now, by its path: a run that goes on saves newer ones meanwhile."""
    from hitzoo.hub.locate import locate
    from hitzoo.places import is_folder, place
    from hitzoo.zoo.kept_reports import is_checkpoint_of_run
    from hitzoo.zoo.run_checkpoints import named_checkpoint
    from hitzoo.zoo.run_layout import RunPaths

    if named_checkpoint(model) is None and not is_folder(RunPaths(place(model)).checkpoints):
        return model
    checkpoint = locate(model).weights.parent
    return str(checkpoint.absolute()) if is_checkpoint_of_run(checkpoint) else model


def keep_in_run(model: str, report: Report, note: Callable[[str], None]) -> None:
    """Keep the numbers where the model is a run's checkpoint; `note` hears where, or why not."""
    from hitzoo.errors import OutputError
    from hitzoo.places import from_here, place
    from hitzoo.zoo.kept_reports import is_checkpoint_of_run, keep_report

    checkpoint = place(model)
    if not is_checkpoint_of_run(checkpoint):
        return
    try:
        kept = keep_report(checkpoint, report.to_json())
    except OutputError as error:
        note(f"the numbers are not kept in the run: {error}")
        return
    note(f"kept in the run: {from_here(kept)}")
