"""From a name or a folder to a generator that can be sampled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from hitzoo.errors import UnknownNameError, WeightsError, suggestion
from hitzoo.inference.device import choose_device
from hitzoo.inference.sample import Generator
from hitzoo.models.build import build_generator
from hitzoo.plan.compile import compile_spec
from hitzoo.spec.load import load_spec
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import cards, check_file, find_card
from hitzoo.zoo.checkpoint_index import verify
from hitzoo.zoo.model_folder import CONFIG_NAME, WEIGHTS_NAME, ModelFolder, checkpoints, load_generator, open_model

_log = logging.getLogger(__name__)


def load(model: str | Path, *, device: str = "auto") -> Generator:
    """A trained generator by name, or from a folder that `hitzoo build --out` or `hitzoo train` wrote.

    Args:
        model: the name of a model of the zoo, a model folder, or the folder of a run (its newest checkpoint). A name of
            the zoo goes before a folder; `./name` and a `Path` are always the folder. A damaged checkpoint is passed
            over with a logged warning.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        UnknownNameError: nothing has that name.
        WeightsError: there are no weights, or they are damaged or of another network.
    """
    place = choose_device(device)
    found = locate(model)
    with torch.device("meta"):
        module = build_generator(found.plan)
    module = module.to_empty(device="cpu")
    load_generator(found, module)
    return Generator(found.spec, found.plan, module, place)


def locate(model: str | Path) -> ModelFolder:
    """Which model a name or folder means, its weights still unread."""
    named = isinstance(model, str) and "/" not in model  # a Path is always a folder
    card = find_card(str(model)) if named else None
    if card is None:
        path = Path(model).expanduser()
        if _is_folder(path):
            return open_model(_model_folder(path))
        raise _nothing_named(str(model))
    check_file(card)
    spec = load_spec(card.spec)
    return ModelFolder(spec, compile_spec(spec), card.weights)


def _is_folder(path: Path) -> bool:
    """Also of a path no file system can have, such as a name of a thousand letters."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _model_folder(folder: Path) -> Path:
    """The folder itself if it is a model, else the newest checkpoint of the run it holds whose model is whole."""
    if (folder / CONFIG_NAME).is_file():
        return folder
    saved = checkpoints(folder / "checkpoints")
    if saved:
        return _newest_whole(folder, saved)
    if (folder / "checkpoints").is_dir():
        raise WeightsError(f"{folder} is a run without a checkpoint yet; let it reach its first one")
    raise WeightsError(f"{folder} is neither a model (it has no {CONFIG_NAME}) nor a run (it has no checkpoints)")


def _newest_whole(folder: Path, saved: Sequence[Path]) -> Path:
    """Of a run's checkpoints, oldest first, the last whose model is as it was written; damaged ones are named."""
    damaged: list[str] = []
    for place in reversed(saved):
        wrong = "; ".join(verify(place, only=(CONFIG_NAME, WEIGHTS_NAME)))
        if not wrong:
            for line in damaged:
                _log.warning("%s; %s is sampled instead", line, place)
            return place
        damaged.append(f"{place} is damaged: {wrong}")
    raise WeightsError("\n".join([f"{folder} has no checkpoint whose model is whole; train it again:", *damaged]))


def _nothing_named(name: str) -> Exception:
    known, specs = cards(), shipped_specs()
    if name in specs:
        return WeightsError(
            f"{name} is a spec without trained weights. Three ways on:\n"
            f"  train it:                        hitzoo train {name} --data PATH --out runs/{name}\n"
            f"  sample a trained model:          hitzoo sample --model {next(iter(known), 'NAME')}\n"
            f"  see the untrained network run:   hitzoo sample --model {name} --init random"
        )
    hint = suggestion(name, known.keys() | specs.keys()) or "`hitzoo list` shows what there is"
    return UnknownNameError(f"no model is named '{name}' and no folder has that path; {hint}")
