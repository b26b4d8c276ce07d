"""A publication: the model, what its author says of it, and what is known of it here, before the Hub is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.hub.licenses import check_license, check_terms
from hitzoo.hub.manifest import read_small
from hitzoo.hub.model_card import Terms
from hitzoo.spec.shipped import find_spec
from hitzoo.spec.text import read_spec_text
from hitzoo.zoo.cards import Card, find_card
from hitzoo.zoo.model_folder import ModelFolder
from hitzoo.zoo.model_layout import STATE_NAME, further_files
from hitzoo.zoo.pasted import as_meant
from hitzoo.zoo.run_layout import run_of
from hitzoo.zoo.weights import read_metadata

README_NAME = "README.md"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A model with all that is published beside it.

    Attributes:
        repo_id: ORG/NAME.
        terms: what only the publisher can say.
        draw: writes the grid of rows × columns samples to a path, and returns what is odd about it, or nothing; None
            where no seed makes any.
        record: the zoo's record of the same network, if there is one.
        bundled: whether the model is the very one of that record.
        spec_text: the spec as its author wrote it, where that is known.
        report: an evaluation; None takes the run's own.
        extra: those of `TRAINING_FILES` that go along, and with the optimizers the other averages.
        readme: a card that the author wrote.
    """

    repo_id: str
    model: ModelFolder
    terms: Terms
    draw: Callable[[Path, int, int], str] | None
    record: Card | None = None
    bundled: bool = False
    spec_text: str | None = None
    report: Mapping[str, Any] | None = None
    extra: Collection[str] = ()
    readme: str | None = None


def publication_of(
    found: ModelFolder,
    repo_id: str,
    terms: Terms,
    *,
    draw: Callable[[Path, int, int], str] | None,
    report: Mapping[str, Any] | None = None,
    extra: Collection[str] = (),
) -> Publication:
    """Gather what is to be published of a located model, checked as far as possible without the Hub.

    Raises:
        RequestError: no licence, one that the Hub does not know, or one against the terms of converted weights.
    """
    terms = replace(terms, license=check_license(terms.license, terms.license_name))
    check_terms(terms.license, str(read_metadata(found.weights).get("terms", "")))
    card = _record(found)
    bundled = card is not None and found.weights == card.weights
    return Publication(
        repo_id=as_meant(repo_id),
        model=found,
        terms=_with_what_is_known(terms, card) if bundled else terms,
        draw=draw,
        record=card,
        bundled=bundled,
        spec_text=read_spec_text(find_spec(card.spec)) if card is not None and bundled else None,
        report=report,
        extra=tuple(dict.fromkeys((*extra, *_beside(found, extra)))),
        readme=None if bundled else _own_card(found.folder),
    )


def _beside(found: ModelFolder, extra: Collection[str]) -> list[str]:
    """The files of a checkpoint that go along with `extra`, since its run cannot go on without them."""
    there = (found.folder / STATE_NAME).parent.glob("*")
    return further_files(extra, {path.relative_to(found.folder).as_posix() for path in there})


def _record(found: ModelFolder) -> Card | None:
    """The zoo's record of these very networks; a spec that was changed has none."""
    card = find_card(found.spec.name)
    if card is None:
        return None
    plan = compile_spec(load_spec(card.spec))
    same = all(role in plan.networks and plan.hash(role) == found.plan.hash(role) for role in found.files)
    return card if same else None


def _with_what_is_known(terms: Terms, card: Card | None) -> Terms:
    if card is None or card.data is None:
        return terms
    return replace(terms, data=terms.data or card.data.name, data_license=terms.data_license or card.data.license)


def _own_card(folder: Path) -> str | None:
    """A card that lies beside the model, or in the folder of the run that it is a checkpoint of."""
    run = run_of(folder)
    for place in (folder, *([run.path] if run else [])):
        if (place / README_NAME).is_file():
            return read_small(place / README_NAME)
    return None
