"""The layout of a model folder: the names of its files, known without torch.

config.json  model.safetensors            every model: what it is, and the (averaged) generator
encoder.safetensors  quantizer.safetensors  beside them where the generator decodes
hitzoo.yaml  manifest.json                beside them in what is published
training/…                                in a checkpoint of a run: what only training reads
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from hitzoo.plan.role import Role
from hitzoo.spec.folder import CONFIG_NAME, SPEC_NAME

__all__ = [
    "CODING_FILES",
    "CODING_ROLES",
    "CONFIG_NAME",
    "DISCRIMINATOR_NAME",
    "INDEX_NAME",
    "LIVE",
    "LIVE_CODING_FILES",
    "LIVE_GENERATOR_NAME",
    "MANIFEST_NAME",
    "MODEL_FILES",
    "OPTIMIZER_NAME",
    "SPEC_NAME",
    "STATE_NAME",
    "TRAINING_FILES",
    "WEIGHTS_NAME",
    "average_file_of",
    "average_in_file",
    "file_of",
    "folder_of",
    "further_files",
    "is_average_file",
    "is_model",
    "model_file_of",
]

WEIGHTS_NAME = "model.safetensors"
MODEL_FILES = (CONFIG_NAME, WEIGHTS_NAME)
LIVE = "live"
"""The generator itself, among its averages."""
_AVERAGE_FILE = re.compile(r"training/[a-z]+-average(-(?P<name>[0-9a-z.+-]{1,80}))?\.safetensors")
MANIFEST_NAME = "manifest.json"


def model_file_of(role: Role) -> str:
    """Return the name of a network's file in a model's folder."""
    return WEIGHTS_NAME if role == "generator" else f"{role}.safetensors"


CODING_ROLES: tuple[Role, ...] = ("encoder", "quantizer")
"""The networks that the model of an autoencoder has besides."""
CODING_FILES = tuple(map(model_file_of, CODING_ROLES))
"""The files that the model of an autoencoder has besides."""


def file_of(role: Role) -> str:
    """Return the name of a live network's file in a checkpoint."""
    return f"training/{role}.safetensors"


LIVE_CODING_FILES = (file_of("encoder"), file_of("quantizer"))
"""The files that the checkpoint of an autoencoder has besides `TRAINING_FILES`."""


def average_file_of(role: Role, name: str = "") -> str:
    """Return the name of the file of an average that is not the model itself; `name` is that among several."""
    return f"training/{role}-average{name and f'-{name}'}.safetensors"


def is_average_file(name: str) -> bool:
    """Check for the file of an average, by its name in the model's folder."""
    return _AVERAGE_FILE.fullmatch(name) is not None


def folder_of(weights: Path) -> Path:
    """Return the model's folder, given its weights, or another average of a checkpoint, or the live generator."""
    return weights.parent.parent if average_in_file(weights) else weights.parent


def average_in_file(weights: Path) -> str:
    """Return the name of the average that a checkpoint keeps beside its model, or `live`; empty for a model itself."""
    name = f"{weights.parent.name}/{weights.name}"
    if name == LIVE_GENERATOR_NAME:
        return LIVE
    found = _AVERAGE_FILE.fullmatch(name)
    return found["name"] or "" if found else ""


LIVE_GENERATOR_NAME = file_of("generator")
DISCRIMINATOR_NAME = file_of("discriminator")
OPTIMIZER_NAME = "training/optimizer.safetensors"
STATE_NAME = "training/state.json"
INDEX_NAME = "training/index.json"
TRAINING_FILES = (DISCRIMINATOR_NAME, LIVE_GENERATOR_NAME, OPTIMIZER_NAME, STATE_NAME)
"""The files that a checkpoint has besides, and that a published model may have."""


def further_files(wanted: Collection[str], listed: Collection[str]) -> list[str]:
    """Return the files of training among `listed` that are wanted; with the optimizers go all that its run needs."""
    beside = (*LIVE_CODING_FILES, *sorted(filter(is_average_file, listed)))
    named = {*wanted, *(beside if OPTIMIZER_NAME in wanted else ())}
    return [name for name in (*TRAINING_FILES, *beside) if name in named and name in listed]


def is_model(folder: Path) -> bool:
    """Check for a model's folder, damaged or not."""
    return (folder / CONFIG_NAME).is_file()
