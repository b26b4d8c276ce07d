"""Models of the official HiT code to ours and back. Every variable is used or named; the round trip is exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hitzoo.errors import HitzooError, WeightsError
from hitzoo.files import atomic_file, atomic_folder
from hitzoo.plan.compile import ModelPlan, compile_spec
from hitzoo.spec.load import load_spec
from hitzoo.spec.shipped import shipped_specs
from hitzoo.spec.types import Spec
from hitzoo.zoo.adapters.hit_gan import Array, Variable, discriminator_variables, generator_variables
from hitzoo.zoo.adapters.hit_gan_source import is_optimizer_slot
from hitzoo.zoo.model_folder import DISCRIMINATOR_NAME, LIVE_GENERATOR_NAME, ModelFolder, write_model
from hitzoo.zoo.weights import read_metadata, read_tensors, write_weights

SOURCE = "hit-gan"
AVERAGE, LIVE, CRITIC = "ema_generator", "generator", "discriminator"
_MOST_NAMED = 5


@dataclass(frozen=True)
class Converted:
    """What became of a source's variables. `which` is the root the generator was taken from."""

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
        WeightsError: a variable is missing or has another shape; the message names the shipped spec that fits.
    """
    root = which or (AVERAGE if any(name.startswith(f"{AVERAGE}/") for name in variables) else LIVE)
    wanted = {root: list(generator_variables(plan.generator))}
    if with_discriminator:
        wanted[CRITIC] = list(discriminator_variables(plan.discriminator))
    problems = [line for part, entries in wanted.items() for line in _differences(variables, part, entries)]
    if problems:
        raise WeightsError(_explain(problems, variables, plan, root))
    tensors = {part: _convert(variables, part, entries) for part, entries in wanted.items()}
    used = {f"{part}/{entry.theirs}" for part, entries in wanted.items() for entry in entries}
    return Converted(
        which=root,
        generator=tensors[root],
        discriminator=tensors.get(CRITIC),
        used=len(used),
        left_out=tuple(_left_out(variables.keys() - used)),
    )


def write_converted(folder: Path, spec: Spec, plan: ModelPlan, converted: Converted) -> None:
    """Write a model folder of what was converted, whole or not at all."""
    origin = {"source": SOURCE, "which": converted.which}
    with atomic_folder(folder) as temporary:
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
    root = metadata.get("which", AVERAGE) if metadata.get("source") == SOURCE else AVERAGE
    folder = model.weights.parent
    parts = {str(root): (model.weights, list(generator_variables(model.plan.generator)))}
    parts.setdefault(LIVE, (folder / LIVE_GENERATOR_NAME, list(generator_variables(model.plan.generator))))
    parts[CRITIC] = (folder / DISCRIMINATOR_NAME, list(discriminator_variables(model.plan.discriminator)))
    arrays: dict[str, Array] = {}
    for part, (path, entries) in parts.items():
        if path.is_file():
            tensors = read_tensors(path)
            arrays |= {f"{part}/{entry.theirs}": entry.to_theirs(tensors[entry.ours].numpy()) for entry in entries}
    return arrays


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as an uncompressed .npz, whole or not at all."""
    save: Any = np.savez  # its stub has no room for names that are only known at run time
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        save(file, **arrays)


def _differences(variables: Mapping[str, Array], part: str, entries: Iterable[Variable]) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        name = f"{part}/{entry.theirs}"
        if name not in variables:
            lines.append(f"  {name} {_show(entry.shape)} is missing")
        elif variables[name].shape != entry.shape:
            lines.append(f"  {name} is {_show(variables[name].shape)}, the spec wants {_show(entry.shape)}")
    return lines


def _explain(problems: list[str], variables: Mapping[str, Array], plan: ModelPlan, root: str) -> str:
    shown = problems[:_MOST_NAMED]
    if len(problems) > len(shown):
        shown.append(f"  … and {len(problems) - len(shown)} more")
    fitting = _fitting_specs(variables, root)
    hint = f"fits: --spec {', '.join(fitting)}" if fitting else "no shipped spec has exactly these variables"
    return f"the variables are not those of {plan.name}:\n" + "\n".join(shown) + f"\n{hint}"


def _fitting_specs(variables: Mapping[str, Array], root: str) -> list[str]:
    """The shipped specs whose generator has exactly the variables found."""
    found = {name: array.shape for name, array in variables.items() if name.startswith(f"{root}/")}
    found = {name: shape for name, shape in found.items() if not is_optimizer_slot(name)}
    names: list[str] = []
    for name in shipped_specs():
        try:
            plan = compile_spec(load_spec(name)).generator
        except HitzooError:
            continue
        if found and {f"{root}/{entry.theirs}": entry.shape for entry in generator_variables(plan)} == found:
            names.append(name)
    return names


def _convert(variables: Mapping[str, Array], part: str, entries: Iterable[Variable]) -> dict[str, torch.Tensor]:
    return {
        entry.ours: torch.from_numpy(entry.to_ours(variables[f"{part}/{entry.theirs}"].astype(np.float32)))
        for entry in entries
    }


def _left_out(names: Iterable[str]) -> list[str]:
    """What was not used: whole networks and optimizers by their count, anything else by its name."""
    groups: Counter[str] = Counter()
    single: list[str] = []
    for name in names:
        root = name.split("/")[0]
        if is_optimizer_slot(name) or "optimizer" in root:
            groups["optimizer"] += 1
        elif root in (AVERAGE, LIVE, CRITIC):
            groups[root] += 1
        else:
            single.append(name)
    return [f"{root}: {count} variables" for root, count in sorted(groups.items())] + sorted(single)


def _show(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"
