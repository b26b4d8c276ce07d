"""Models of the published TransGAN code to ours and back. Every variable is used or named; the round trip is exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import torch

from hitzoo.errors import WeightsError
from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from hitzoo.families.transgan.official import TRANSGAN
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.zoo.convert import Converted
from hitzoo.zoo.model_folder import ModelFolder
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME, LIVE_GENERATOR_NAME
from hitzoo.zoo.transgan_source import AVERAGE, BARE, CRITIC, LIVE, Checkpoint
from hitzoo.zoo.weights import check_fit, compare, read_metadata, read_tensors

PUBLISHED: Final = ("transgan-cifar10", "transgan-stl10", "transgan-celebahq256", "transgan-church256")
"""Specs of the configurations that the code has."""

TERMS: Final = (
    "the published TransGAN code is licensed for non-commercial use (research or evaluation) only,"
    " and weights that its authors published come with no other terms"
)
_FIRST_VERSION = "of the paper's first version (February 2021), whose networks hitzoo does not have"


def recognise(checkpoint: Checkpoint) -> str:
    """Name the shipped spec whose generator has the shapes of a checkpoint's.

    Raises:
        WeightsError: none has; what differs from the nearest is named.
    """
    shapes = _shapes_of(checkpoint.parts[_generator_part(checkpoint, None)])
    differences: dict[str, list[str]] = {}
    for name in PUBLISHED:
        wanted = _wanted(compile_spec(load_spec(name)), "generator")
        differences[name] = compare({one.theirs: one.shape for one in wanted}, shapes)
        if not differences[name]:
            return name
    raise WeightsError(_unrecognised(shapes, differences))


def from_transgan(
    checkpoint: Checkpoint, plan: ModelPlan, *, which: str | None = None, with_discriminator: bool = False
) -> Converted:
    """The tensors of a plan's networks from a checkpoint's variables.

    Args:
        which: `avg_gen_state_dict` or `gen_state_dict`; by default the average where there is one.

    Raises:
        WeightsError: a part or variable is missing, left over, of another shape or not finite.
    """
    part = _generator_part(checkpoint, which)
    if with_discriminator and CRITIC not in checkpoint.parts:
        raise WeightsError(f"the source has no {CRITIC}; it has {', '.join(checkpoint.parts)}")
    generator = _convert(checkpoint, part, plan, "generator")
    discriminator = _convert(checkpoint, CRITIC, plan, "discriminator") if with_discriminator else None
    unused = [name for name in checkpoint.parts if name not in (part, CRITIC if with_discriminator else part)]
    counted = [f"{name}: {len(checkpoint.parts[name])} variables" for name in unused]
    used = len(generator) + len(discriminator or ())
    return Converted(part, generator, discriminator, used, (*counted, *checkpoint.others))


def origin_of(checkpoint: Checkpoint, converted: Converted) -> dict[str, str | bool]:
    """Say in the header of a converted model where it comes from, and on which terms."""
    return {"source": TRANSGAN, "which": converted.which, "prefixed": checkpoint.prefixed, "terms": TERMS}


def to_transgan(model: ModelFolder) -> tuple[dict[str, dict[str, torch.Tensor]], bool]:
    """The published code's variables of a model folder by part, and whether their names have a prefix.

    Its generator is the part that it came from, the average for a model of ours; the live generator and the
    discriminator are added where the folder has them.
    """
    metadata = read_metadata(model.weights)
    came = metadata.get("source") == TRANSGAN
    main, prefixed = (str(metadata.get("which", AVERAGE)), bool(metadata.get("prefixed"))) if came else (AVERAGE, True)
    folder = model.weights.parent
    files: dict[str, tuple[Path, Role]] = {main: (model.weights, "generator")}
    if main != BARE:
        files.setdefault(LIVE, (folder / LIVE_GENERATOR_NAME, "generator"))
        files[CRITIC] = (folder / DISCRIMINATOR_NAME, "discriminator")
    found = {part: (path, role) for part, (path, role) in files.items() if path.is_file()}
    return {part: _back(path, model.plan, role) for part, (path, role) in found.items()}, prefixed


def _back(path: Path, plan: ModelPlan, role: Role) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        check_fit(path, build_generator(plan) if role == "generator" else build_discriminator(plan))
    tensors = read_tensors(path, finite=True)
    return {one.theirs: tensors[one.ours].reshape(one.shape) for one in _wanted(plan, role)}


def _generator_part(checkpoint: Checkpoint, which: str | None) -> str:
    possible = [part for part in (AVERAGE, LIVE, BARE) if part in checkpoint.parts]
    if which is None and possible:
        return possible[0]
    if which in possible:
        return str(which)
    raise WeightsError(f"the source has no {which or 'generator'}; it has {', '.join(checkpoint.parts)}")


def _wanted(plan: ModelPlan, role: Role) -> list[Variable]:
    """The variables of the published network of a role.

    Raises:
        WeightsError: the published code has none of the plan's family.
    """
    family = family_of(role, plan.networks[role].family)
    if TRANSGAN not in family.official:
        raise WeightsError(f"the published TransGAN code has no {family.name} {role}; its specs are of family transgan")
    return list(family.official[TRANSGAN](plan.networks[role]))


def _convert(checkpoint: Checkpoint, part: str, plan: ModelPlan, role: Role) -> dict[str, torch.Tensor]:
    variables, wanted = checkpoint.parts[part], _wanted(plan, role)
    if differences := compare({one.theirs: one.shape for one in wanted}, _shapes_of(variables)):
        raise WeightsError(f"the variables of {part} are not those of {plan.name}:\n" + "\n".join(differences))
    tensors = {one.ours: variables[one.theirs].detach().float().reshape(one.our_shape) for one in wanted}
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(
                f"{part}: {name} is not finite in the source; nothing is written: take another checkpoint"
            )
    return tensors


def _shapes_of(variables: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in variables.items()}


def _unrecognised(shapes: Mapping[str, tuple[int, ...]], differences: Mapping[str, Iterable[str]]) -> str:
    """Say what the nearest configuration has otherwise; the first layer decides which is the nearest."""
    if any(name.startswith(("blocks.0.", "to_rgb.")) for name in shapes):
        return f"these are weights {_FIRST_VERSION}"
    first = shapes.get("l1.weight")
    if first is None:
        return "the source has no l1.weight: these are no weights of a TransGAN generator"
    for name, lines in differences.items():
        plan = compile_spec(load_spec(name))
        own = {one.theirs: one.shape for one in _wanted(plan, "generator")}
        faces = ("embedding_transform.weight" in own) == ("embedding_transform.weight" in shapes)
        if own["l1.weight"] == first and faces:
            return f"the variables are nearest to those of {name}, but:\n" + "\n".join(lines)
    known = "; give --spec with a spec of your own, or one of " + ", ".join(PUBLISHED)
    return f"no published configuration has a first layer l1.weight of {'×'.join(map(str, first))}{known}"
