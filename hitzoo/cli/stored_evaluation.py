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
    from hitzoo.zoo.checkpoint_averages import split_average
    from hitzoo.zoo.kept_reports import is_checkpoint_of_run
    from hitzoo.zoo.model_layout import average_in_file
    from hitzoo.zoo.run_checkpoints import named_checkpoint
    from hitzoo.zoo.run_layout import RunPaths

    run, average = split_average(model)
    if not average and named_checkpoint(run) is None and not is_folder(RunPaths(place(run)).checkpoints):
        return model
    found = locate(model)
    if not is_checkpoint_of_run(found.folder):
        return model
    other = average_in_file(found.weights)
    return f"{found.folder.absolute()}{other and f':{other}'}"


def store_in_run(model: str, report: Report, note: Callable[[str], None]) -> None:
    """Store the numbers if the model is a run's checkpoint; `note` is called with the place, or the reason not to."""
    from hitzoo.errors import OutputError
    from hitzoo.places import from_here, place
    from hitzoo.zoo.checkpoint_averages import split_average, weights_of_average
    from hitzoo.zoo.kept_reports import is_checkpoint_of_run, keep_report
    from hitzoo.zoo.model_layout import WEIGHTS_NAME

    name, average = split_average(model)
    checkpoint = place(name)
    if not is_checkpoint_of_run(checkpoint):
        return
    try:
        weights = weights_of_average(checkpoint, average) if average else checkpoint / WEIGHTS_NAME
        kept = keep_report(checkpoint, report.to_json(), weights)
    except OutputError as error:
        note(f"the numbers are not stored in the run: {error.as_option or error}")
        return
    note(f"stored in the run: {from_here(kept)}")
