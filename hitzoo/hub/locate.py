"""Find the folder of a model by its name, fetched from the Hub where it is not here."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path

from hitzoo.errors import HubError, RequestError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.hub.bars import Progress
from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull_published, pull_repo
from hitzoo.hub.unknown_name import unknown_name
from hitzoo.hub.verification import open_published
from hitzoo.places import is_file, is_folder, place
from hitzoo.zoo.cards import PUBLISHED, SPEC_ONLY, Card, check_files, find_card
from hitzoo.zoo.checkpoint_averages import split_average, weights_of_average
from hitzoo.zoo.checkpoint_index import verify
from hitzoo.zoo.model_folder import ModelFolder, open_model
from hitzoo.zoo.model_layout import CODING_FILES, CONFIG_NAME, MANIFEST_NAME, MODEL_FILES
from hitzoo.zoo.pasted import as_meant
from hitzoo.zoo.repo_name import PREFIX, is_repo_name, parse_repo_name
from hitzoo.zoo.run_checkpoints import best_average, named_checkpoint, refuse_mistyped_run
from hitzoo.zoo.run_layout import RunPaths

_log = logging.getLogger(__name__)


def locate(model: str | Path, *, extra: Collection[str] = (), progress: Progress | None = None) -> ModelFolder:
    """Find the model that a name or a folder means; its weights are not read yet.

    Args:
        model: as for `hitzoo.load`.
        extra: names of further files to pull, of `hitzoo.zoo.model_layout.TRAINING_FILES`.
        progress: called with (bytes done, bytes in all) while files come from the Hub.

    Returns:
        Spec, plan and path of the weights.

    Raises:
        UnknownNameError: nothing has that name.
        RequestError: it is no name.
        WeightsError: it has no weights, or they are damaged.
        HubError: the Hub refuses, cannot be reached, or holds something else.
    """
    if not isinstance(model, str | PathLike):
        raise RequestError(f"a model is given by its name or its folder, not by {model!r}")
    if isinstance(model, str):
        card = find_card(model) or find_card(as_meant(model))
        if card is not None and card.status != SPEC_ONLY:
            return _of_the_zoo(card, extra, progress)
        if model.startswith(PREFIX):
            return pull_repo(parse_repo_name(model), extra=extra, progress=progress).model
        model, average = split_average(model)
        checkpoint = named_checkpoint(model)
        if checkpoint is not None:
            best = best_average(checkpoint) if model.endswith("@best") else ""
            return _with_average(_model_folder(checkpoint), average or best)
        if average:
            return _with_average(_model_folder(place(model)), average)
    path = place(model)
    named = isinstance(model, str) and is_repo_name(model)
    if is_folder(path):
        if named and _is_pulled(str(model)):
            _log.warning("%s is the folder here; the model of that name on the Hub is %s%s", model, PREFIX, model)
        return _of_folder(_model_folder(path))
    if named:
        return _of_the_hub(str(model), extra, progress)
    raise unknown_name(str(model))


def _of_folder(folder: Path) -> ModelFolder:
    return open_published(folder) if is_file(folder / MANIFEST_NAME) else open_model(folder)


def _with_average(folder: Path, average: str) -> ModelFolder:
    """A checkpoint with one of several averages, or the live networks; an empty name is the model itself."""
    found = _of_folder(folder)
    if not average:
        return found
    found = replace(found, weights=weights_of_average(folder, average))
    wrong = verify(folder, only=[file.relative_to(folder).as_posix() for file in found.files.values()])
    if wrong:
        raise WeightsError(f"{folder} is damaged: {'; '.join(wrong)}; take another checkpoint")
    return found


def _of_the_zoo(card: Card, extra: Collection[str], progress: Progress | None) -> ModelFolder:
    if card.status == PUBLISHED:
        return pull_published(card, extra=extra, progress=progress).model
    spec = load_spec(card.spec)
    files = check_files(card)
    return ModelFolder(spec, compile_spec(spec), files.pop("generator"), elsewhere=files)


def _of_the_hub(model: str, extra: Collection[str], progress: Progress | None) -> ModelFolder:
    """A model that only the Hub can have, since no folder has that path: a mistyped path ends here too."""
    if as_meant(model) == model and not _is_pulled(model):
        refuse_mistyped_run(model)
    try:
        return pull_repo(parse_repo_name(model), extra=extra, progress=progress).model
    except HubError as error:
        if as_meant(model) != model:  # an address, which is no folder's
            raise
        raise HubError(f"no folder here is named {model}, and on the Hub: {error}") from error


def _is_pulled(model: str) -> bool:
    with suppress(HubError, OSError):
        return Hub().holds(parse_repo_name(model))
    return False


def _model_folder(folder: Path) -> Path:
    """The folder itself if it is a model, else the newest checkpoint of the run it holds whose model is whole."""
    if is_file(folder / CONFIG_NAME):
        wrong = verify(folder, only=MODEL_FILES, also=CODING_FILES)  # a checkpoint's index, where there is one
        if wrong:
            raise WeightsError(f"{folder} is damaged: {'; '.join(wrong)}; take another checkpoint")
        return folder
    run = RunPaths(folder)
    if saved := run.saved():
        return _newest_whole(folder, saved)
    if is_folder(run.checkpoints):
        raise WeightsError(f"{folder} is a run without a checkpoint yet; let it reach its first one")
    raise WeightsError(f"{folder} is neither a model (it has no {CONFIG_NAME}) nor a run (it has no checkpoints)")


def _newest_whole(folder: Path, saved: Sequence[Path]) -> Path:
    """Choose the last checkpoint of a list whose model is undamaged; damaged ones after it are logged."""
    damaged: list[str] = []
    for checkpoint in reversed(saved):
        wrong = "; ".join(verify(checkpoint, only=MODEL_FILES, also=CODING_FILES))
        if not wrong:
            for line in damaged:
                _log.warning("%s; %s is sampled instead", line, checkpoint)
            return checkpoint
        damaged.append(f"{checkpoint} is damaged: {wrong}")
    raise WeightsError("\n".join([f"{folder} has no checkpoint whose model is whole; train it again:", *damaged]))
