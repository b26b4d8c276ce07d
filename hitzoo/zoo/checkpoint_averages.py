"""The averages of a checkpoint by name: `runs/x:100000`, `runs/x@best:live`."""

from __future__ import annotations

from pathlib import Path

from hitzoo.errors import WeightsError
from hitzoo.places import is_folder, place
from hitzoo.zoo.checkpoint_index import is_indexed
from hitzoo.zoo.model_layout import LIVE, LIVE_GENERATOR_NAME, WEIGHTS_NAME, average_file_of, average_in_file
from hitzoo.zoo.repo_name import PREFIX
from hitzoo.zoo.run_checkpoints import named_checkpoint
from hitzoo.zoo.run_layout import RunPaths
from hitzoo.zoo.weights import read_metadata


def split_average(model: str) -> tuple[str, str]:
    """Split `MODEL:AVERAGE`, where MODEL is a run here, one of its checkpoints, or the folder of one.

    The average is empty where the name has none. A folder that has the whole name goes first.
    """
    name, colon, average = model.rpartition(":")
    if not colon or not name or f"{name}:" == PREFIX or is_folder(place(model)):
        return model, ""
    folder = place(name)
    local = is_indexed(folder) or is_folder(RunPaths(folder).checkpoints) or named_checkpoint(name) is not None
    return (name, average) if local else (model, "")


def weights_of_average(checkpoint: Path, average: str) -> Path:
    """Return the file of one of a checkpoint's averages, or of the generator itself, `live`.

    Raises:
        WeightsError: it has none of that name; the message says which there are.
    """
    own = _own_name(checkpoint)
    found = checkpoint / (LIVE_GENERATOR_NAME if average == LIVE else average_file_of("generator", average))
    if average == own or (not own and not average):
        return checkpoint / WEIGHTS_NAME
    if not average or not found.is_file():
        names = sorted(filter(None, [own, *map(average_in_file, checkpoint.glob(average_file_of("generator", "*")))]))
        there = [*names, *([LIVE] if (checkpoint / LIVE_GENERATOR_NAME).is_file() else [])]
        raise WeightsError(f"{checkpoint} has no average '{average}'; there are {', '.join(there) or 'none by name'}")
    return found


def _own_name(checkpoint: Path) -> str:
    """Name of the average that the checkpoint's model is; empty where there is one."""
    found = read_metadata(checkpoint / WEIGHTS_NAME).get("average")
    return found if isinstance(found, str) else ""
