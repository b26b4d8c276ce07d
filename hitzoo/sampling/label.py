"""Names of a model's outputs, so that those of two models never meet: run and step, folder, or repository."""

from __future__ import annotations

import re
from pathlib import Path

from hitzoo.zoo.cards import SPEC_ONLY, find_card
from hitzoo.zoo.model_folder import ModelFolder
from hitzoo.zoo.model_layout import WEIGHTS_NAME, average_in_file
from hitzoo.zoo.repo_name import PREFIX, is_commit, is_repo_name, parse_repo_name
from hitzoo.zoo.run_layout import run_of

_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LETTERS = 12  # of a commit, for people


def label_of(found: ModelFolder, model: str | Path) -> str:
    """Name a located model.

        hit-ti-shapes32                       a model of the zoo
        photos-step-00012000                  a checkpoint of the run runs/photos
        photos-step-00012000-100000           another average of it
        b256                                  the model folder models/b256
        acme--photos@v1                       acme/photos on the Hub at that revision; without one, at the commit

    `model` is what was asked for; it need not be a name.
    """
    name = str(model)
    if not isinstance(model, Path) and (card := find_card(name)) is not None and card.status != SPEC_ONLY:
        return fit(name)
    if found.origin:
        return fit(_of_the_hub(found.origin, name))
    average = average_in_file(found.weights)
    if found.weights.name != WEIGHTS_NAME and not average:
        return fit(found.spec.name)
    folder = found.folder.resolve()
    if (run := run_of(folder)) is not None:
        return fit(f"{run.path.name}-{folder.name}{average and f'-{average}'}")
    return fit(folder.name or found.spec.name)


def fit(name: str) -> str:
    """The name as a part of a path and as text, on every system."""
    return _UNFIT.sub("_", name.encode("utf-8", "replace").decode()).strip(" .") or "model"


def _of_the_hub(origin: str, name: str) -> str:
    repo_id, _, commit = origin.partition("@")
    asked = parse_repo_name(name).revision if is_repo_name(name.removeprefix(PREFIX)) and "@" in name else commit
    revision = asked[:_LETTERS] if is_commit(asked) else asked
    return f"{repo_id.replace('/', '--')}@{revision.replace('/', '--')}"
