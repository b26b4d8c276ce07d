"""From a name or a folder to a generator that can be sampled."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import torch

from hitzoo.errors import HubError, UnknownNameError, WeightsError, suggestion
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.hub.bars import Progress
from hitzoo.hub.client import Hub
from hitzoo.hub.manifest import MANIFEST_NAME
from hitzoo.hub.pull import pull, pull_published
from hitzoo.hub.verification import open_published
from hitzoo.places import is_file, is_folder, place
from hitzoo.runtime.device import choose_device
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.label import label_of
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import PUBLISHED, SPEC_ONLY, Card, cards, check_file, find_card
from hitzoo.zoo.checkpoint_index import verify
from hitzoo.zoo.model_folder import CONFIG_NAME, WEIGHTS_NAME, ModelFolder, checkpoints, load_generator, open_model
from hitzoo.zoo.pasted import as_meant, not_a_model
from hitzoo.zoo.repo_name import PREFIX, is_repo_name, parse_repo_name
from hitzoo.zoo.run_checkpoints import named_checkpoint, refuse_mistyped_run
from hitzoo.zoo.weights import check_fit, read_metadata

_log = logging.getLogger(__name__)


def load(model: str | Path, *, device: str | torch.device = "auto", progress: Progress | None = None) -> Generator:
    """A trained generator by name, from the Hub, or from a folder that `hitzoo build --out` or `hitzoo train` wrote.

    Args:
        model: the name of a model of the zoo, a model folder, the folder of a run (its newest checkpoint), one
            checkpoint of it (`runs/x@best`, `runs/x@1000`), or `ORG/NAME[@REVISION]` on the Hub. A name of the zoo goes
            before a folder, a folder before the Hub; `./name` and a `Path` are always the folder, `hf:ORG/NAME` is
            always the Hub. A damaged checkpoint is passed over with a logged warning.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        progress: called with (bytes done, bytes in all) while weights come from the Hub.

    Raises:
        UnknownNameError: nothing has that name.
        WeightsError: there are no weights, or they are damaged or of another network.
        HubError: the Hub refuses, cannot be reached, or holds something else.
    """
    where = choose_device(device)
    found = locate(model, progress=progress)
    return generator_of(found, where, label=label_of(found, model))


def generator_of(found: ModelFolder, device: torch.device, *, label: str = "") -> Generator:
    """The generator of a located model with its weights; `label` is what files made by it are called after.

    Raises:
        WeightsError: they are missing, damaged or of another network.
    """
    with torch.device("meta"):
        module = build_generator(found.plan)
    check_fit(found.weights, module)  # before it takes memory
    module = module.to_empty(device="cpu")
    weights = load_generator(found, module)
    return Generator(
        found.spec,
        found.plan,
        module,
        device,
        origin=found.origin,
        metadata=read_metadata(found.weights),
        label=label,
        weights=weights,
    )


def locate(model: str | Path, *, extra: Collection[str] = (), progress: Progress | None = None) -> ModelFolder:
    """Which model a name or folder means, its weights still unread; one of the Hub is pulled with its `extra` files."""
    if isinstance(model, str):
        card = find_card(model) or find_card(as_meant(model))
        if card is not None and card.status != SPEC_ONLY:
            return _of_the_zoo(card, extra, progress)
        if model.startswith(PREFIX):
            return pull(parse_repo_name(model), extra=extra, progress=progress).model
        checkpoint = named_checkpoint(model)
        if checkpoint is not None:
            return _of_folder(_model_folder(checkpoint))
    path = place(model)
    named = isinstance(model, str) and is_repo_name(model)
    if is_folder(path):
        if named and _is_pulled(str(model)):
            _log.warning("%s is the folder here; the model of that name on the Hub is %s%s", model, PREFIX, model)
        return _of_folder(_model_folder(path))
    if named:
        return _of_the_hub(str(model), extra, progress)
    raise nothing_named(str(model))


def _of_folder(folder: Path) -> ModelFolder:
    return open_published(folder) if is_file(folder / MANIFEST_NAME) else open_model(folder)


def _of_the_zoo(card: Card, extra: Collection[str], progress: Progress | None) -> ModelFolder:
    if card.status == PUBLISHED:
        return pull_published(card, extra=extra, progress=progress).model
    spec = load_spec(card.spec)
    return ModelFolder(spec, compile_spec(spec), check_file(card))


def _of_the_hub(model: str, extra: Collection[str], progress: Progress | None) -> ModelFolder:
    """A model that only the Hub can have, since no folder has that path: a mistyped path ends here too."""
    if as_meant(model) == model and not _is_pulled(model):
        refuse_mistyped_run(model)
    try:
        return pull(parse_repo_name(model), extra=extra, progress=progress).model
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
        wrong = verify(folder, only=(CONFIG_NAME, WEIGHTS_NAME))  # a checkpoint's index, where there is one
        if wrong:
            raise WeightsError(f"{folder} is damaged: {'; '.join(wrong)}; take another checkpoint")
        return folder
    saved = checkpoints(folder / "checkpoints")
    if saved:
        return _newest_whole(folder, saved)
    if is_folder(folder / "checkpoints"):
        raise WeightsError(f"{folder} is a run without a checkpoint yet; let it reach its first one")
    raise WeightsError(f"{folder} is neither a model (it has no {CONFIG_NAME}) nor a run (it has no checkpoints)")


def _newest_whole(folder: Path, saved: Sequence[Path]) -> Path:
    """Of a run's checkpoints, oldest first, the last whose model is as it was written; damaged ones are named."""
    damaged: list[str] = []
    for checkpoint in reversed(saved):
        wrong = "; ".join(verify(checkpoint, only=(CONFIG_NAME, WEIGHTS_NAME)))
        if not wrong:
            for line in damaged:
                _log.warning("%s; %s is sampled instead", line, checkpoint)
            return checkpoint
        damaged.append(f"{checkpoint} is damaged: {wrong}")
    raise WeightsError("\n".join([f"{folder} has no checkpoint whose model is whole; train it again:", *damaged]))


def nothing_named(name: str) -> Exception:
    """What is said where there are no weights of a name: the ways on for a spec, else a name that is near."""
    if said := not_a_model(name):
        return UnknownNameError(said)
    known, specs = cards(), shipped_specs()
    with_weights = [card.name for card in known.values() if card.status != SPEC_ONLY]
    trained = with_weights[0] if with_weights else "NAME"
    if name in specs:
        return WeightsError(
            f"{name} is a spec without trained weights. Three ways on:\n"
            f"  train it:                        hitzoo train {name} --data PATH --out runs/{name}\n"
            f"  take another model:              hitzoo sample --model {trained}, or --model ORG/NAME from the Hub\n"
            f"  see the untrained network run:   hitzoo sample --model {name} --init random"
        )
    hint = suggestion(name, known.keys() | specs.keys(), rather=with_weights) or "`hitzoo list` shows what there is"
    return UnknownNameError(f"no model is named '{name}' and no folder has that path; {hint}")
