"""From a trained model to a published one: the samples on its card are made here, the rest in `hitzoo.zoo`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.hub.client import Hub
from hitzoo.hub.licenses import check_license
from hitzoo.hub.manifest import read_small
from hitzoo.hub.model_card import Terms
from hitzoo.hub.publish import Published
from hitzoo.hub.publish import publish as publish_folder
from hitzoo.hub.release import README_NAME, Publication
from hitzoo.sampling.facts import picture_facts
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.load import generator_of, locate
from hitzoo.sampling.pictures import save_png, to_grid
from hitzoo.spec.shipped import find_spec
from hitzoo.spec.text import read_spec_text
from hitzoo.zoo.cards import Card, find_card
from hitzoo.zoo.model_folder import ModelFolder, write_model
from hitzoo.zoo.pasted import as_meant

_LEAST_CONTRAST = 10.0  # of 255 levels: the deviation within a picture; the untrained HiT has 0.5, the shapes 54
_LEAST_VARIETY = 3.0  # the deviation between the pictures of different seeds; the untrained HiT has 0.03, the shapes 43


def publish(
    model: str | Path,
    repo_id: str,
    terms: Terms,
    *,
    tag: str | None = None,
    private: bool = False,
    report: Mapping[str, Any] | None = None,
    extra: Collection[str] = (),
    hub: Hub | None = None,
    sending: Callable[[int], None] = lambda size: None,
) -> Published:
    """Publish a model of the zoo, a model folder, or the newest whole checkpoint of a run.

    Args:
        repo_id: ORG/NAME; made where it does not exist.
        tag: the version's name, such as v1.
        report: an evaluation of the model; by default the one the run made of this checkpoint.
        extra: which of `hitzoo.zoo.model_folder.TRAINING_FILES` go along.

    Raises:
        RequestError: no licence, or something that is not possible.
        HubError, WeightsError: see `hitzoo.hub.publish.publish`.
    """
    wanted = publication(model, repo_id, terms, report=report, extra=extra)
    return publish_folder(wanted, tag=tag, private=private, hub=hub, sending=sending)


def publication(
    model: str | Path,
    repo_id: str,
    terms: Terms,
    *,
    report: Mapping[str, Any] | None = None,
    extra: Collection[str] = (),
) -> Publication:
    """What is to be published, gathered and checked as far as it can be without the Hub."""
    terms = replace(terms, license=check_license(terms.license, terms.license_name))
    found = locate(model)
    card = _record(found)
    bundled = card is not None and found.weights == card.weights
    return Publication(
        repo_id=as_meant(repo_id),
        model=found,
        terms=_with_what_is_known(terms, card) if bundled else terms,
        draw=lambda path, rows, columns: _draw(found, path, rows, columns),
        record=card,
        bundled=bundled,
        spec_text=read_spec_text(find_spec(card.spec)) if card is not None and bundled else None,
        report=report,
        extra=extra,
        readme=None if bundled else _own_card(found.weights.parent),
    )


def push(
    generator: Generator, repo_id: str, *, license: str, tag: str | None, private: bool, **terms: Any
) -> Published:
    """Publish a generator that is in memory."""
    if generator.is_fast:
        raise RequestError("the weights of a fast generator are products of the model's; push the one it was made of")
    try:
        own = Terms(license=license, **terms)
    except TypeError:
        known = ", ".join(name for name in Terms.__dataclass_fields__ if name != "license")
        raise RequestError(f"{', '.join(terms)}: what can be said of a model besides its licence is {known}") from None
    with TemporaryDirectory(prefix="hitzoo-push-") as folder:
        write_model(
            Path(folder), generator.spec, generator.plan, generator.module.state_dict(), **_more(generator.metadata)
        )
        return publish(Path(folder), repo_id, own, tag=tag, private=private)


def _record(found: ModelFolder) -> Card | None:
    """The record of the zoo that is of this very network; a spec that was changed has none."""
    card = find_card(found.spec.name)
    if card is None or compile_spec(load_spec(card.spec)).generator_hash != found.plan.generator_hash:
        return None
    return card


def _more(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What the header says besides what is written into each."""
    return {key: value for key, value in metadata.items() if key not in ("name", "architecture", "generator_plan")}


def _with_what_is_known(terms: Terms, card: Card | None) -> Terms:
    if card is None or card.data is None:
        return terms
    return replace(terms, data=terms.data or card.data.name, data_license=terms.data_license or card.data.license)


def _own_card(folder: Path) -> str | None:
    """A card that lies beside the model, or in the folder of the run it is a checkpoint of."""
    for place in (folder, folder.parent.parent):
        if (place / README_NAME).is_file() and (place == folder or folder.parent.name == "checkpoints"):
            return read_small(place / README_NAME)
    return None


def _draw(found: ModelFolder, path: Path, rows: int, columns: int) -> str:
    """On the CPU, where the same weights give the same picture most widely; says what is odd of the pictures."""
    generator = generator_of(found, torch.device("cpu"))
    pixels = generator.sample(seeds=range(rows * columns)).pixels
    grid = to_grid(pixels, rows, columns)
    facts = picture_facts(generator, 1.0) | {"hitzoo:seeds": f"0-{rows * columns - 1}"}
    del facts["hitzoo:from"]  # what the folder here is called is nobody's business
    save_png(path, grid, facts)
    return oddity(pixels)


def oddity(pixels: npt.NDArray[np.uint8]) -> str:
    """What samples (count, height, width, channels) look like before there is anything in them; nothing otherwise."""
    levels = pixels.astype(np.float32)
    if levels.std(axis=(1, 2)).mean() < _LEAST_CONTRAST:
        return "the samples are nearly of one colour; the model may not be trained long enough to be of use to others"
    if levels.std(axis=0).mean() < _LEAST_VARIETY:
        return "the samples of all seeds are nearly the same; the training may have collapsed"
    return ""
