"""Quality of a model by name: the numbers that its paper reports, and those that were found of its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.hub.model_card import protocol_in_words
from hitzoo.hub.release import REPORT_NAME
from hitzoo.plan.model import ModelPlan
from hitzoo.zoo.cards import Card, Number, find_card
from hitzoo.zoo.evaluation_report import check_report
from hitzoo.zoo.kept_reports import is_checkpoint_of_run, kept_report, read_report_file
from hitzoo.zoo.model_folder import ModelFolder
from hitzoo.zoo.model_layout import average_in_file
from hitzoo.zoo.weights import read_metadata

_IN_RECORDS = {"inception_score": "is"}  # names of scores that records of the zoo give by their metric's name


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Numbers of a network: `published` for its architecture, by others; `measured` of the very weights."""

    published: tuple[Number, ...] = ()
    measured: tuple[Number, ...] = ()


def quality_of(model: str, plan: ModelPlan, found: ModelFolder | None) -> Quality:
    """Look up the numbers of a model, or of a spec, whose folder is None.

    Published are those in the zoo's record of that name, if it is of the same generator. Measured are those in the
    record of a model of the zoo, else the evaluation in the run of a checkpoint, else the one a model was published
    with.
    """
    card = find_card(plan.name)
    published = card.published if card is not None and _is_of(card, plan) else ()
    own = find_card(model)
    measured = own.measured if own is not None else _of_folder(found)
    return Quality(published=published, measured=measured)


def _is_of(card: Card, plan: ModelPlan) -> bool:
    return compile_spec(load_spec(card.spec)).generator_hash == plan.generator_hash


def _of_folder(found: ModelFolder | None) -> tuple[Number, ...]:
    scores = () if found is None else _scores(found)
    return tuple(
        Number(
            metric=_IN_RECORDS.get(score["name"], score["name"]),
            value=float(score["value"]),
            protocol=protocol_in_words(score),
        )
        for score in scores
    )


def _scores(found: ModelFolder) -> Sequence[Mapping[str, Any]]:
    """The scores of an evaluation of these weights; none where the file holds something else, whoever wrote it."""
    if is_checkpoint_of_run(found.folder):
        average = average_in_file(found.weights) or read_metadata(found.weights).get("average")
        place, report = kept_report(found.folder, found.weights, average)
    else:
        place = found.folder / REPORT_NAME
        report = read_report_file(place)
    with suppress(RequestError):
        scores: Sequence[Mapping[str, Any]] = check_report(report, place)["scores"]
        return scores
    return ()
