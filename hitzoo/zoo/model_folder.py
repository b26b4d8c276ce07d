"""A model as a folder: `config.json` says what it is, `model.safetensors` holds the (averaged) generator.

The folder alone is enough to build and sample the model; checkpoints of a run are such folders too, with a `training`
folder inside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from hitzoo.errors import SpecError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import check_spec
from hitzoo.families.pretrained import record_of
from hitzoo.families.registry import package_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.releases import release_of
from hitzoo.spec.convert import to_data
from hitzoo.spec.document import Document
from hitzoo.spec.place import Places
from hitzoo.spec.types import Spec
from hitzoo.zoo.bounds import beyond
from hitzoo.zoo.checksum import Digests
from hitzoo.zoo.model_layout import (
    CONFIG_NAME,
    LIVE,
    WEIGHTS_NAME,
    average_file_of,
    average_in_file,
    file_of,
    folder_of,
    model_file_of,
)
from hitzoo.zoo.packages import naming_packages, packages_of
from hitzoo.zoo.weights import load_weights, read_metadata, write_weights

FORMAT = 1


@dataclass(frozen=True)
class ModelFolder:
    """A model on the disk whose weights are still to be read: what it is, and where its file lies.

    `origin` is the repository and commit on the Hub that it was pulled from. `elsewhere` has the weights of networks
    that do not lie in its folder by their roles' names, as those of a bundled model.
    """

    spec: Spec
    plan: ModelPlan
    weights: Path
    origin: str = ""
    elsewhere: Mapping[Role, Path] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the model; its weights may be another average of a checkpoint."""
        return folder_of(self.weights)

    @property
    def files(self) -> dict[Role, Path]:
        """The weights of every network but the discriminator, all of the average that `weights` is."""
        average = average_in_file(self.weights)
        found: dict[Role, Path] = {}
        for role in self.plan.networks:
            name = file_of(role) if average == LIVE else average_file_of(role, average)
            found[role] = self.folder / (name if average else model_file_of(role))
        found.pop("discriminator", None)
        return found | {**self.elsewhere, "generator": self.weights}


def config_of(spec: Spec, plan: ModelPlan) -> dict[str, Any]:
    """Build the contents of `config.json`: the spec with every default written out, and the plan's identity."""
    return {
        "hitzoo_format": FORMAT,
        "hitzoo_version": release_of(),
        "architecture": plan.generator.family,
        "name": spec.name,
        "generator_plan": plan.generator_hash,
        **{f"{role}_plan": plan.hash(role) for role in plan.networks if role not in ("generator", "discriminator")},
        **packages_of(spec),
        **record_of(spec),
        "spec": to_data(spec),
    }


def weights_metadata(plan: ModelPlan, **more: Any) -> dict[str, Any]:
    """Build the header of a generator's weights."""
    package = package_of("generator", plan.generator.family)
    own = {"name": plan.name, "architecture": plan.generator.family, "generator_plan": plan.generator_hash}
    pixels = {"pixel_range": plan.pixel_range} if plan.pixel_range != "unit" else {}
    return own | ({"package": package} if package else {}) | pixels | more


def write_model(
    folder: Path,
    spec: Spec,
    plan: ModelPlan,
    generator: Mapping[str, torch.Tensor],
    coding: Mapping[Role, Mapping[str, torch.Tensor]] = MappingProxyType({}),
    /,
    **metadata: Any,
) -> None:
    """Write a model's files into a folder that exists; the caller makes the folder atomic.

    `coding` has the weights of an autoencoder's encoder and quantizer.
    """
    text = json.dumps(config_of(spec, plan), indent=2, ensure_ascii=False) + "\n"
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8", errors="backslashreplace")  # JSON's own escapes
    write_weights(folder / WEIGHTS_NAME, generator, weights_metadata(plan, **metadata))
    for role, weights in coding.items():
        own = {"name": plan.name, "architecture": plan.networks[role].family, f"{role}_plan": plan.hash(role)}
        write_weights(folder / model_file_of(role), weights, own | metadata)


def open_model(folder: Path) -> ModelFolder:
    """Read what a folder's model is; its weights are checked when they are loaded.

    Raises:
        WeightsError: the config is missing or damaged.
        SpecError: the spec inside is not one.
    """
    config = _read_config(folder / CONFIG_NAME)
    try:
        spec = check_spec(Document(config["spec"], Places(source=str(folder / CONFIG_NAME))))
    except SpecError as error:
        raise naming_packages(error, config) from None
    plan = compile_spec(spec)
    return ModelFolder(spec, plan, folder / WEIGHTS_NAME)


def load_network(found: ModelFolder, role: Role, module: nn.Module) -> Digests:
    """Put the weights of one role into its network; names, shapes, dtypes, checksum and plan must all agree.

    Raises:
        WeightsError: the file is missing, damaged or of another network; the first differences are named.
    """
    weights = found.files[role]
    read = load_weights(weights, module)
    _check_identity(weights, role, found.plan)
    return read


def load_generator(found: ModelFolder, module: nn.Module) -> str:
    """Put a model's weights into its generator; names, shapes, dtypes, checksum and plan must all agree.

    Returns the sha256 of the weights file.

    Raises:
        WeightsError: the file is missing, damaged or of another generator; the first differences are named.
    """
    return load_network(found, "generator", module).file


def _check_identity(weights: Path, role: Role, plan: ModelPlan) -> None:
    """Refuse weights that fit but were made for another network: heads and block sizes have no tensors."""
    metadata = read_metadata(weights)
    stored = metadata.get(f"{role}_plan")
    if stored is not None and stored != plan.hash(role):
        message = f"{weights} was made for another {role} than the one {plan.name} now describes"
        identities = f"plan {str(stored)[:12]} in the file, {plan.hash(role)[:12]} wanted"
        raise WeightsError(f"{message}, though every tensor fits: heads, block sizes or norm differ ({identities})")


def _refuse_constant(word: str) -> float:
    """`NaN` and `Infinity` are not JSON, though Python's reader takes them."""
    raise ValueError(f"{word} is not a number")


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise WeightsError(f"{path.parent} is not a model: it has no {CONFIG_NAME}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(config, dict) or "hitzoo_format" not in config:
        raise WeightsError(f"{path} is not the config of a hitzoo model: it has no hitzoo_format")
    if config["hitzoo_format"] != FORMAT:
        found = config["hitzoo_format"]
        raise WeightsError(f"{path} has format {found!r}; this hitzoo reads format {FORMAT}: install a newer one")
    if not isinstance(config.get("spec"), dict):
        raise WeightsError(f"{path} is not the config of a hitzoo model: it holds no spec")
    if problem := beyond(config):
        raise WeightsError(f"{path} is not the config of a hitzoo model: {problem}")
    return config
