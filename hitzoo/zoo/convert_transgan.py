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
from hitzoo.zoo.state_dict_source import (
    AVERAGE,
    BARE,
    CRITIC,
    LIVE,
    StateDicts,
    generator_part,
    part_of,
    refuse_without_discriminator,
)
from hitzoo.zoo.transgan_source import FILTERS, variables_of
from hitzoo.zoo.weights import check_fit, compare, read_metadata, read_tensors

PUBLISHED: Final = ("transgan-cifar10", "transgan-stl10", "transgan-celebahq256", "transgan-church256")
"""Specs of the configurations that the code has."""

TERMS: Final = (
    "the published TransGAN code is licensed for non-commercial use (research or evaluation) only,"
    " and weights that its authors published come with no other terms"
)
_FIRST_VERSION: Final = "of the paper's first version (February 2021), whose networks hitzoo does not have"
_Shapes = Mapping[str, tuple[int, ...]]


def recognise(checkpoint: StateDicts) -> str:
    """Name the shipped spec whose generator has the shapes of a checkpoint's.

    Raises:
        WeightsError: none has; what differs from the nearest is named.
    """
    shapes = _shapes_of(checkpoint, generator_part(checkpoint, None))
    differences = _differences(shapes, "generator")
    for name, lines in differences.items():
        if not lines:
            return name
    raise WeightsError(f"{checkpoint.file}: {_unrecognised(shapes, differences)}")


def from_transgan(
    checkpoint: StateDicts, plan: ModelPlan, *, which: str | None = None, with_discriminator: bool = False
) -> Converted:
    """The tensors of a plan's networks from a checkpoint's variables.

    Args:
        which: `AVERAGE` or `LIVE`; by default the average where there is one.

    Raises:
        WeightsError: a part or variable is missing, left over, of another shape or not finite.
    """
    part = generator_part(checkpoint, which)
    if with_discriminator:
        refuse_without_discriminator(checkpoint)
    generator = _convert(checkpoint, part, plan, "generator")
    discriminator = _convert(checkpoint, CRITIC, plan, "discriminator") if with_discriminator else None
    taken = (part, CRITIC) if with_discriminator else (part,)
    unused = [name for name in checkpoint.parts if name not in taken]
    counted = [f"{checkpoint.name_of(name)}: {len(_shapes_of(checkpoint, name))} variables" for name in unused]
    used = len(generator) + len(discriminator or ())
    left_out = (*counted, *checkpoint.beside, *checkpoint.others)
    return Converted(checkpoint.name_of(part), generator, discriminator, used, left_out)


def origin_of(checkpoint: StateDicts, converted: Converted) -> dict[str, str | bool]:
    """Say in the header of a converted model where it comes from, on which terms, and what the way back needs."""
    about: dict[str, str | bool] = {"source": TRANSGAN, "which": converted.which, "terms": TERMS}
    about["prefixed"] = checkpoint.prefixed
    if CRITIC in checkpoint.parts:
        about["filters"] = FILTERS in checkpoint.parts[CRITIC]
    return about


def to_transgan(model: ModelFolder) -> tuple[dict[str, dict[str, torch.Tensor]], dict[str, bool]]:
    """The published code's variables of a model folder by part, and how its file has them (`write_checkpoint`).

    Its generator is the part that it came from, the average for a model of ours; the live generator and the
    discriminator are added where the folder has them.
    """
    metadata = read_metadata(model.weights)
    came = metadata.get("source") == TRANSGAN
    main = part_of(str(metadata.get("which", ""))) if came else AVERAGE
    folder = model.weights.parent
    files: dict[str, tuple[Path, Role]] = {main: (model.weights, "generator")}
    if main != BARE:
        files.setdefault(LIVE, (folder / LIVE_GENERATOR_NAME, "generator"))
        files[CRITIC] = (folder / DISCRIMINATOR_NAME, "discriminator")
    found = {part: (path, role) for part, (path, role) in files.items() if path.is_file()}
    form = {
        "prefixed": bool(metadata.get("prefixed")) if came else True,
        "filters": bool(metadata.get("filters", _filters_bands(model))),
    }
    return {part: _back(path, model.plan, role) for part, (path, role) in found.items()}, form


def is_published(parts: Mapping[str, Mapping[str, torch.Tensor]]) -> bool:
    """True if a configuration of the published code has the generator of these parts."""
    source = StateDicts(parts, {}, ())
    return not all(_differences(_shapes_of(source, generator_part(source, None)), "generator").values())


def _filters_bands(model: ModelFolder) -> bool:
    """True where the spec's augmentation has the filter, whose kernels that code keeps in the discriminator."""
    policy = getattr(model.spec.training.augment, "policy", ())
    return any(getattr(entry, "kind", entry) == "filter" for entry in policy)


def _back(path: Path, plan: ModelPlan, role: Role) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        check_fit(path, build_generator(plan) if role == "generator" else build_discriminator(plan))
    tensors = read_tensors(path, finite=True)
    return {one.theirs: tensors[one.ours].reshape(one.shape) for one in _wanted(plan, role)}


def _wanted(plan: ModelPlan, role: Role) -> list[Variable]:
    """The variables of the published network of a role.

    Raises:
        WeightsError: the published code has none of the plan's family.
    """
    family = family_of(role, plan.networks[role].family)
    if TRANSGAN not in family.official:
        raise WeightsError(f"the published TransGAN code has no {family.name} {role}; its specs are of family transgan")
    return list(family.official[TRANSGAN](plan.networks[role]))


def _convert(checkpoint: StateDicts, part: str, plan: ModelPlan, role: Role) -> dict[str, torch.Tensor]:
    variables, wanted, name = checkpoint.parts[part], _wanted(plan, role), checkpoint.name_of(part)
    shapes = _shapes_of(checkpoint, part)
    if differences := compare({one.theirs: one.shape for one in wanted}, shapes):
        where = f"{checkpoint.file}: the variables of {name} are not those of {plan.name}:"
        raise WeightsError("\n".join([where, *differences, _way_on(shapes, role)]))
    tensors = {one.ours: variables[one.theirs].detach().float().reshape(one.our_shape) for one in wanted}
    for ours, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(
                f"{name}: {ours} is not finite in the source; nothing is written: take another checkpoint"
            )
    return tensors


def _shapes_of(checkpoint: StateDicts, part: str) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in variables_of(checkpoint.parts[part]).items()}


def _differences(shapes: _Shapes, role: Role) -> dict[str, list[str]]:
    """Differences of a network from those of each published configuration."""
    wanted = {name: _wanted(compile_spec(load_spec(name)), role) for name in PUBLISHED}
    return {name: compare({one.theirs: one.shape for one in own}, shapes) for name, own in wanted.items()}


def _way_on(shapes: _Shapes, role: Role) -> str:
    """Say which spec fits where another one was given."""
    fitting = [name for name, lines in _differences(shapes, role).items() if not lines]
    if fitting:
        return f"fits: --spec {', '.join(fitting)}"
    if role == "generator" and _is_first_version(shapes):
        return f"these are weights {_FIRST_VERSION}"
    return f"no shipped spec has exactly these variables of a {role}"


def _is_first_version(shapes: _Shapes) -> bool:
    return any(name.startswith(("blocks.0.", "to_rgb.")) for name in shapes)


def _unrecognised(shapes: _Shapes, differences: Mapping[str, Iterable[str]]) -> str:
    """Say what the nearest configuration has otherwise; the first layer decides which is the nearest."""
    if _is_first_version(shapes):
        return f"these are weights {_FIRST_VERSION}"
    first = shapes.get("l1.weight")
    if first is None:
        return "it has no l1.weight: these are no weights of a TransGAN generator"
    for name, lines in differences.items():
        plan = compile_spec(load_spec(name))
        own = {one.theirs: one.shape for one in _wanted(plan, "generator")}
        faces = ("embedding_transform.weight" in own) == ("embedding_transform.weight" in shapes)
        if own["l1.weight"] == first and faces:
            return f"the variables are nearest to those of {name}, but:\n" + "\n".join(lines)
    known = "; give --spec with a spec of your own, or one of " + ", ".join(PUBLISHED)
    return f"no published configuration has a first layer l1.weight of {'×'.join(map(str, first))}{known}"
