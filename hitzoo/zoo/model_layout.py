"""The layout of a model folder: the names of its files, known without torch.

config.json  model.safetensors            every model: what it is, and the (averaged) generator
hitzoo.yaml  manifest.json                beside them in what is published
training/…                                in a checkpoint of a run: what only training reads
"""

from __future__ import annotations

from pathlib import Path

from hitzoo.plan.role import Role
from hitzoo.spec.folder import CONFIG_NAME, SPEC_NAME

__all__ = [
    "CONFIG_NAME",
    "DISCRIMINATOR_NAME",
    "INDEX_NAME",
    "LIVE_GENERATOR_NAME",
    "MANIFEST_NAME",
    "MODEL_FILES",
    "OPTIMIZER_NAME",
    "SPEC_NAME",
    "STATE_NAME",
    "TRAINING_FILES",
    "WEIGHTS_NAME",
    "average_file_of",
    "file_of",
    "is_model",
]

WEIGHTS_NAME = "model.safetensors"
MODEL_FILES = (CONFIG_NAME, WEIGHTS_NAME)
MANIFEST_NAME = "manifest.json"


def file_of(role: Role) -> str:
    """Return the name of a live network's file in a checkpoint."""
    return f"training/{role}.safetensors"


def average_file_of(role: Role) -> str:
    """Return the name of the file of an average other than the generator's, which is the model itself."""
    return f"training/{role}-average.safetensors"


LIVE_GENERATOR_NAME = file_of("generator")
DISCRIMINATOR_NAME = file_of("discriminator")
OPTIMIZER_NAME = "training/optimizer.safetensors"
STATE_NAME = "training/state.json"
INDEX_NAME = "training/index.json"
TRAINING_FILES = (DISCRIMINATOR_NAME, LIVE_GENERATOR_NAME, OPTIMIZER_NAME, STATE_NAME)
"""The files that a checkpoint has besides, and that a published model may have."""


def is_model(folder: Path) -> bool:
    """Check for a model's folder, damaged or not."""
    return (folder / CONFIG_NAME).is_file()
