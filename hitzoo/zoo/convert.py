"""Models of the official HiT code to ours and back. Every variable is used or named; the round trip is exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hitzoo.errors import WeightsError
from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.families.official import HIT_GAN, Array, Variable
from hitzoo.families.registry import families, family_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.spec.shipped import shipped_specs
from hitzoo.spec.types import Spec
from hitzoo.targets import file_target, folder_target
from hitzoo.zoo.hit_gan_source import AVERAGE, CRITIC, LIVE, is_of_optimizer
from hitzoo.zoo.model_folder import ModelFolder, write_model
from hitzoo.zoo.model_layout import CONFIG_NAME, DISCRIMINATOR_NAME, LIVE_GENERATOR_NAME, WEIGHTS_NAME
from hitzoo.zoo.weights import check_fit, compare, read_metadata, read_tensors, write_weights

CONVERTED_FILES = (CONFIG_NAME, WEIGHTS_NAME, DISCRIMINATOR_NAME)
"""Files that a folder of a converted model can hold."""


@dataclass(frozen=True)
class Converted:
    """The tensors made of a source's variables. `which` is the root the generator was taken from."""

    which: str
    generator: dict[str, torch.Tensor]
    discriminator: dict[str, torch.Tensor] | None
    used: int
    left_out: tuple[str, ...]


def from_hit_gan(
    variables: Mapping[str, Array], plan: ModelPlan, *, which: str | None = None, with_discriminator: bool = False
) -> Converted:
    """The tensors of a plan's networks from the official code's variables.

    Args:
        which: `ema_generator` or `generator`; by default the average where there is one.

    Raises:
        WeightsError: a variable is missing, left over or of another shape; the shipped spec that fits is named. Which
            positions attend to which has no variables: that the spec alone says.
    """
    root = which or (AVERAGE if any(name.startswith(f"{AVERAGE}/") for name in variables) else LIVE)
    wanted = {root: _variables(plan, "generator")}
    if with_discriminator:
        wanted[CRITIC] = _variables(plan, "discriminator")
    found = {name: array.shape for name, array in variables.items() if not is_of_optimizer(name)}
    for part in wanted:
        if not _of(part, found):
            raise WeightsError(f"the source has no {part}; it has {', '.join(_roots(variables)) or 'no variables'}")
    differences = compare(_shapes(wanted), {name: shape for part in wanted for name, shape in _of(part, found).items()})
    if differences:
        fitting = _fitting_specs({part: _of(part, found) for part in wanted}, root)
        hint = f"fits: --spec {', '.join(fitting)}" if fitting else "no shipped spec has exactly these variables"
        raise WeightsError(f"the variables are not those of {plan.name}:\n" + "\n".join([*differences, hint]))
    tensors = {part: _convert(variables, part, entries) for part, entries in wanted.items()}
    for part, converted in tensors.items():
        _refuse_not_finite(part, converted)
    used = _shapes(wanted).keys()
    return Converted(root, tensors[root], tensors.get(CRITIC), len(used), tuple(_left_out(variables.keys() - used)))


def write_converted(
    folder: Path,
    spec: Spec,
    plan: ModelPlan,
    converted: Converted,
    *,
    origin: Mapping[str, Any] | None = None,
    force: bool = False,
) -> None:
    """Write a model folder of what was converted, whole or not at all; `origin` goes into its headers."""
    origin = {"source": HIT_GAN, "which": converted.which} if origin is None else dict(origin)
    with folder_target(folder, CONVERTED_FILES, force=force) as temporary:
        write_model(temporary, spec, plan, converted.generator, **origin)
        if converted.discriminator is not None:
            (temporary / DISCRIMINATOR_NAME).parent.mkdir()
            write_weights(temporary / DISCRIMINATOR_NAME, converted.discriminator, origin)


def to_hit_gan(model: ModelFolder) -> dict[str, Array]:
    """The official code's variables of a model folder.

    Its generator stands under the root it came from (`ema_generator` for a model of ours); the live generator and the
    discriminator are added where the folder has them.
    """
    metadata = read_metadata(model.weights)
    root = metadata.get("which", AVERAGE) if metadata.get("source") == HIT_GAN else AVERAGE
    folder = model.folder
    of_generator = _variables(model.plan, "generator")
    parts = {str(root): (model.weights, of_generator)}
    parts.setdefault(LIVE, (folder / LIVE_GENERATOR_NAME, of_generator))
    if (folder / DISCRIMINATOR_NAME).is_file():
        parts[CRITIC] = (folder / DISCRIMINATOR_NAME, _variables(model.plan, "discriminator"))
    arrays: dict[str, Array] = {}
    for part, (path, entries) in parts.items():
        if path.is_file():
            _refuse_other_network(path, part, model.plan)
            tensors = read_tensors(path, finite=True)
            arrays |= {f"{part}/{entry.theirs}": entry.to_theirs(tensors[entry.ours].numpy()) for entry in entries}
    return arrays


def _refuse_other_network(path: Path, part: str, plan: ModelPlan) -> None:
    """Compare names, shapes and dtypes of a file's tensors with those of the plan's network."""
    with torch.device("meta"):
        network = build_discriminator(plan) if part == CRITIC else build_generator(plan)
    check_fit(path, network)


def write_npz(path: Path, arrays: Mapping[str, Array], *, force: bool = False) -> None:
    """Write arrays as an uncompressed .npz, whole or not at all."""
    save: Any = np.savez  # its stub has no room for names that are only known at run time
    with file_target(path, force=force) as temporary, temporary.open("wb") as file:
        save(file, **arrays)


def _variables(plan: ModelPlan, role: Role) -> list[Variable]:
    """The variables of the official network of a role.

    Raises:
        WeightsError: the official code has none of the plan's family.
    """
    family = family_of(role, plan.networks[role].family)
    if HIT_GAN not in family.official:
        known = ", ".join(one.name for one in families(role).values() if HIT_GAN in one.official)
        raise WeightsError(
            f"the official HiT code has no {family.name} {role}; only specs of the family {known} convert"
        )
    return list(family.official[HIT_GAN](plan.networks[role]))


def _shapes(wanted: Mapping[str, Iterable[Variable]]) -> dict[str, tuple[int, ...]]:
    return {f"{part}/{entry.theirs}": entry.shape for part, entries in wanted.items() for entry in entries}


def _of(part: str, found: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {name: shape for name, shape in found.items() if name.startswith(f"{part}/")}


def _roots(names: Iterable[str]) -> list[str]:
    return sorted({name.split("/")[0] for name in names if not is_of_optimizer(name)})


def _fitting_specs(found: Mapping[str, Mapping[str, tuple[int, ...]]], root: str) -> list[str]:
    """The shipped specs whose networks have exactly the variables found."""
    fitting: list[str] = []
    for name in shipped_specs():
        plan = compile_spec(load_spec(name))
        if not all(HIT_GAN in family_of(role, network.family).official for role, network in plan.networks.items()):
            continue
        networks = {root: _variables(plan, "generator"), CRITIC: _variables(plan, "discriminator")}
        if all(_shapes({part: networks[part]}) == shapes for part, shapes in found.items()):
            fitting.append(name)
    return fitting


def _convert(variables: Mapping[str, Array], part: str, entries: Iterable[Variable]) -> dict[str, torch.Tensor]:
    return {
        entry.ours: torch.from_numpy(entry.to_ours(variables[f"{part}/{entry.theirs}"].astype(np.float32)))
        for entry in entries
    }


def _refuse_not_finite(part: str, tensors: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(
                f"{part}: {name} is not finite in the source; nothing is written: take another checkpoint"
            )


def _left_out(names: Iterable[str]) -> list[str]:
    """List what was not used: networks that were not asked for and optimizers by count, anything else by name."""
    groups: Counter[str] = Counter()
    single: list[str] = []
    for name in names:
        root = name.split("/")[0]
        if is_of_optimizer(name):
            groups["optimizer"] += 1
        elif root in (AVERAGE, LIVE, CRITIC):
            groups[root] += 1
        else:
            single.append(name)
    counted = [f"{root}: {count} variable{'s' if count > 1 else ''}" for root, count in sorted(groups.items())]
    return counted + sorted(single)
