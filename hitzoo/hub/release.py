"""The folder that is published: every file a model's repository holds, made from a model folder.

README.md                              the card
config.json  hitzoo.yaml               what it is: with every default, and as its author wrote it
model.safetensors                      the averaged generator, byte for byte as it was trained
encoder.safetensors  quantizer.safetensors  beside it where it decodes
samples.png  evaluation.json           what the card shows: where a seed makes samples, where there is an evaluation
training/…                             on request: the discriminator, or all that a checkpoint has
manifest.json                          size and sha256 of all of these
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hitzoo.errors import RequestError, WeightsError
from hitzoo.families.recipe_in_words import average_in_words
from hitzoo.files import atomic_file, write_text
from hitzoo.hub.card_metadata import render_card
from hitzoo.hub.manifest import Manifest, manifest_of
from hitzoo.hub.model_card import CardFacts
from hitzoo.hub.provenance import Provenance, name_of, provenance_of, without_folders
from hitzoo.hub.publication import README_NAME, Publication
from hitzoo.hub.verification import check_weights
from hitzoo.spec.types import Spec
from hitzoo.spec.write import to_yaml
from hitzoo.zoo.checkpoint_index import verify
from hitzoo.zoo.model_folder import ModelFolder, config_of
from hitzoo.zoo.model_layout import (
    CODING_FILES,
    CONFIG_NAME,
    LIVE,
    LIVE_CODING_FILES,
    MANIFEST_NAME,
    SPEC_NAME,
    TRAINING_FILES,
    WEIGHTS_NAME,
    average_in_file,
    model_file_of,
)
from hitzoo.zoo.state_dict_source import converted_in_words
from hitzoo.zoo.weights import read_metadata, read_tensors

GRID_NAME = "samples.png"
REPORT_NAME = "evaluation.json"
FILES = (
    *(README_NAME, CONFIG_NAME, SPEC_NAME, WEIGHTS_NAME, *CODING_FILES, GRID_NAME, REPORT_NAME, MANIFEST_NAME),
    *(*TRAINING_FILES, *LIVE_CODING_FILES),
)
"""What the folder can hold."""
_WIDEST = 1024  # pixels of the grid
_LARGEST_SIDE = 6


@dataclass(frozen=True, kw_only=True)
class Before:
    """The contents of a repository that a new version depends on. `grid` fetches its picture."""

    readme: str = ""
    manifest: Manifest = field(default_factory=lambda: Manifest({}))
    grid: Callable[[], Path] | None = None


@dataclass(frozen=True)
class Release:
    """The files to publish by their path in the repository; `card_kept` says that the card's text is its author's.

    `notes` are warnings for its author.
    """

    files: Mapping[str, Path]
    manifest: Manifest
    card_kept: bool
    notes: tuple[str, ...] = ()


def write_release(folder: Path, wanted: Publication, before: Before) -> Release:
    """Write what is new into an empty folder, and list it with what stays where it is."""
    model = wanted.model
    beside = {name: _beside(model, name) for name in wanted.extra}
    made = provenance_of(model.weights, read_metadata(model.weights), wanted.record if wanted.bundled else None)
    report = without_folders(wanted.report or made.report) or {}
    texts = {CONFIG_NAME: _config(model), SPEC_NAME: wanted.spec_text or to_yaml(_without_folders(model.spec))}
    if report:
        texts[REPORT_NAME] = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    files = {model_file_of(role): weights for role, weights in model.files.items()} | beside
    side = 0 if wanted.draw is None else _grid_side(model)
    files |= {name: folder / name for name in (*texts, README_NAME, *([GRID_NAME] if side else []))}
    facts = _facts(
        wanted, made, _of_weights(report.get("scores", ())), (side, side) if side else None, (*files, MANIFEST_NAME)
    )
    text = wanted.readme if wanted.readme is not None else before.readme
    texts[README_NAME], kept = render_card(facts, text)
    for name, content in texts.items():
        write_text(folder / name, content)
    odd = _put_grid(folder / GRID_NAME, wanted, before, manifest_of({WEIGHTS_NAME: model.weights}), side)
    manifest = manifest_of(files)
    write_text(folder / MANIFEST_NAME, str(manifest))
    notes = filter(None, (_relicensed(wanted), odd))
    return Release(files | {MANIFEST_NAME: folder / MANIFEST_NAME}, manifest, kept, tuple(notes))


def _relicensed(wanted: Publication) -> str:
    """Warn about bundled weights that are published under another licence than theirs."""
    terms, record = wanted.terms, wanted.record
    if not wanted.bundled or record is None or terms.license == record.license.lower():
        return ""
    return (
        f"the weights of {record.name} are under {record.license}, and you publish them under"
        f" {terms.license_name or terms.license}; only who holds the rights may change that"
    )


def _facts(
    wanted: Publication, made: Provenance, scores: Any, grid: tuple[int, int] | None, files: Collection[str]
) -> CardFacts:
    return CardFacts(
        repo_id=wanted.repo_id,
        spec=wanted.model.spec,
        plan=wanted.model.plan,
        terms=wanted.terms,
        made=made.facts,
        scores=scores,
        measured=wanted.record.measured if wanted.bundled and wanted.record is not None else (),
        weights=_weights_in_words(wanted.model),
        record=wanted.record,
        grid=grid,
        files=tuple(sorted(files)),
    )


def _of_weights(scores: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the scores that say something of the weights, and not of the speed of the machine."""
    return [score for score in scores if not str(score["name"]).endswith("_per_second")]


def _weights_in_words(model: ModelFolder) -> str:
    """Say which average of the generator the weights are, where there were several or its norms were recalibrated."""
    metadata = read_metadata(model.weights)
    if "source" in metadata and "which" in metadata:
        return converted_in_words(str(metadata["which"]))
    name = average_in_file(model.weights) or metadata.get("average")
    coding = model.plan.is_autoencoder
    if name == LIVE:
        itself = ("the networks themselves", "their") if coding else ("the generator itself", "its")
        return ", not ".join(itself) + " moving average"
    words = average_in_words(model.spec.training, name)
    return f"moving average of {'all three networks' if coding else 'the generator'}{words and f': {words}'}"


def _put_grid(path: Path, wanted: Publication, before: Before, mine: Manifest, side: int) -> str:
    """Samples of the same weights are the same: another machine's last bits shall not make them a new picture."""
    if wanted.draw is None:
        return ""
    if before.grid is not None and before.manifest.files.get(WEIGHTS_NAME) == mine.files[WEIGHTS_NAME]:
        old = before.grid()
        if not before.manifest.problems(old.parent, [GRID_NAME]):
            with atomic_file(path) as place:
                place.write_bytes(old.read_bytes())
            return ""
    return wanted.draw(path, side, side)


def check_whole(wanted: Publication) -> None:
    """Refuse a model that nobody should pull.

    Raises:
        WeightsError: the model is damaged, not finite, or its parts do not agree.
        RequestError: a file that is to go along is not there.
    """
    model, beside = wanted.model, {name: _beside(wanted.model, name) for name in wanted.extra}
    check_weights(model)
    for weights in model.files.values():
        for name, tensor in read_tensors(weights).items():
            if not tensor.isfinite().all():
                raise WeightsError(f"{name} in {weights} is not finite; publish an earlier checkpoint")
    own = [weights.relative_to(model.folder).as_posix() for weights in model.files.values()]
    wrong = verify(model.folder, only=(CONFIG_NAME, *own, *beside))
    if wrong:
        raise WeightsError(f"{model.folder} is damaged: {'; '.join(wrong)}; publish another checkpoint")


def _beside(model: ModelFolder, name: str) -> Path:
    path = model.folder / name
    if not path.is_file():
        raise RequestError(f"{model.folder} has no {name} to publish; a checkpoint of `hitzoo train` has")
    return path


def _config(model: ModelFolder) -> str:
    """The config as it was written, but for the folders where data lay; a bundled model has none yet."""
    path = model.folder / CONFIG_NAME
    if model.folder != model.weights.parent or (model.weights.name == WEIGHTS_NAME and path.is_file()):
        config = json.loads(path.read_text(encoding="utf-8"))
        for part in (config["spec"].get("data", {}), config["spec"].get("evaluation", {})):
            if "source" in part:
                part["source"] = name_of(part["source"])
    else:
        config = config_of(_without_folders(model.spec), model.plan)
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def _without_folders(spec: Spec) -> Spec:
    data = replace(spec.data, source=name_of(spec.data.source))
    return replace(spec, data=data, evaluation=replace(spec.evaluation, source=name_of(spec.evaluation.source)))


def _grid_side(model: ModelFolder) -> int:
    """Choose the samples per row so that the picture fits a page."""
    return max(2, min(_LARGEST_SIDE, _WIDEST // model.plan.resolution))
