"""`hitzoo.publish`: a trained model to the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hitzoo.hub.client import Hub
from hitzoo.hub.locate import locate
from hitzoo.hub.model_card import Terms
from hitzoo.hub.publication import Publication, publication_of
from hitzoo.hub.upload import Published, upload
from hitzoo.sampling.generator import Drawing


def publish(
    model: str | Path,
    repo_id: str,
    *,
    license: str | None = None,
    license_name: str = "",
    license_link: str = "",
    tag: str | None = None,
    private: bool = False,
    data: str = "",
    data_license: str = "",
    datasets: Sequence[str] = (),
    base_model: str = "",
    title: str = "",
    summary: str = "",
    report: Mapping[str, Any] | None = None,
    extra: Collection[str] = (),
    hub: Hub | None = None,
    sending: Callable[[int], None] = lambda size: None,
) -> Published:
    """Publish a model on the Hugging Face Hub with its spec, a card and a manifest: one commit, then the tag.

        hitzoo.publish("runs/photos@best", "me/photos", license="cc-by-4.0", tag="v1", data="my photos")

    Publishing the same files again makes no commit. Log in first: `hf auth login`. A generator that is in memory has
    `push_to_hub`.

    Args:
        model: the folder of a run (its newest whole checkpoint), a checkpoint, a model folder, or a name of the zoo.
        repo_id: ORG/NAME; made where it does not exist.
        license: of the weights, as the Hub names licences: `apache-2.0`, `cc-by-nc-4.0`, …, `other`. There is no
            default.
        license_name: with `other`, the name of the licence; `license_link` the address of its text.
        tag: the version's name, such as `v1`.
        private: make a new repository private.
        data: what the model was trained on, for the card; `data_license` its licence.
        datasets: data sets on the Hub, ORG/NAME each.
        base_model: the model on the Hub that it was fine-tuned from.
        title: the title of the card; by default the model's name.
        summary: the first sentence of the card; by default the spec's.
        report: an evaluation (`Report.to_json()`); by default the one that the run made of this checkpoint.
        extra: which of `hitzoo.zoo.model_layout.TRAINING_FILES` go along.
        hub: another Hub than that of the environment.
        sending: called with the number of bytes that are about to be sent.

    Returns:
        The commit, its address and what changed.

    Raises:
        UnknownNameError: no model has that name.
        RequestError: no licence, or a name, tag or file that is not possible.
        WeightsError: the model is not whole.
        HubError: the Hub refuses, or cannot be reached; or the tag is taken.
    """
    terms = Terms(
        license=license or "",
        license_name=license_name,
        license_link=license_link,
        data=data,
        data_license=data_license,
        datasets=tuple(datasets),
        base_model=base_model,
        title=title,
        summary=summary,
    )
    wanted = publication(model, repo_id, terms, report=report, extra=extra)
    return upload(wanted, tag=tag, private=private, hub=hub, sending=sending)


def publication(
    model: str | Path,
    repo_id: str,
    terms: Terms,
    *,
    report: Mapping[str, Any] | None = None,
    extra: Collection[str] = (),
) -> Publication:
    """Gather what `publish` would upload, checked as far as possible without the Hub.

    An autoencoder's card has no pictures: those that it was trained on are not the publisher's to show.
    """
    found = locate(model)
    draw = None if found.plan.is_autoencoder else Drawing(found)
    return publication_of(found, repo_id, terms, draw=draw, report=report, extra=extra)
