"""`hitzoo.info`: a description of a model by name, before it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hitzoo.places import is_folder, place
from hitzoo.zoo.cards import Card, find_card
from hitzoo.zoo.pasted import as_meant
from hitzoo.zoo.repo_name import PREFIX, is_repo_name, parse_repo_name
from hitzoo.zoo.run_checkpoints import named_checkpoint, refuse_mistyped_run

if TYPE_CHECKING:
    from hitzoo.hub.info import ModelInfo


def info(model: str | Path) -> Card | ModelInfo:
    """Describe a model without loading it; one on the Hub by its files and the header of its weights.

    Args:
        model: as for `hitzoo.load`.

    Returns:
        The record of a model of the zoo, whether or not it has weights; a `ModelInfo` of any other. Both have
        `to_json()`.

    Raises:
        UnknownNameError: nothing has that name.
        WeightsError: there are no weights, or they are damaged.
        HubError: the Hub refuses, cannot be reached, or holds no model of hitzoo.
    """
    card = None if isinstance(model, Path) else find_card(model) or find_card(as_meant(model))
    if card is not None:
        return card
    from hitzoo.hub.info import info_of_model, info_of_repo  # with torch, which records need not wait for
    from hitzoo.hub.locate import locate

    if isinstance(model, Path):
        return info_of_model(locate(model), str(model))
    if is_repo_name(model) and not is_folder(place(model)) and named_checkpoint(model) is None:
        if as_meant(model) == model and not model.startswith(PREFIX):
            refuse_mistyped_run(model)
        return info_of_repo(parse_repo_name(model))
    return info_of_model(locate(model), model)
