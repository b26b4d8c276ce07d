"""Models of other PyTorch code to ours, by a family's variables in that code; every variable is accounted for.

Buffers that follow from a network's sizes are left out and made anew, whether a file has them or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import torch

from hitzoo.errors import WeightsError
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.families.official import CODES, Variable
from hitzoo.families.registry import families, family_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.convert import Converted
from hitzoo.zoo.state_dict_source import CRITIC, StateDicts, generator_part, refuse_without_discriminator
from hitzoo.zoo.weights import compare

_Shapes = Mapping[str, tuple[int, ...]]


def recognise(source: StateDicts, code: str) -> str:
    """Name the shipped spec whose generator has the shapes of a source's.

    Raises:
        WeightsError: none has, or several networks have; the way on is `--spec`.
    """
    fitting, possible = _fitting_specs(source, code)
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(fitting or possible)
    why = "several specs have" if fitting else "no spec has"
    said = f"{source.file}: {why} a generator with these variables; give --spec with one of your own, or one of {known}"
    raise WeightsError("\n".join([said, *([] if fitting else _nearest(source, code, possible))]))


def _nearest(source: StateDicts, code: str, possible: Iterable[str]) -> list[str]:
    """Say of which other code a source's variables are, or how they differ from those of the spec that has most."""
    known = (code, *CODES[code].successors)
    for other in CODES:
        if other not in known and _fitting_specs(source, other)[0]:
            return [f"they are those of {CODES[other].repository}: --from {other}"]
    state = source.parts[generator_part(source, None)]
    held = {name: tuple(tensor.shape) for name, tensor in state.items()}
    nearest: tuple[int, str, list[Variable]] = (0, "", [])
    for name in possible:
        for word in known:
            variables = _variables(compile_spec(load_spec(name)), "generator", word)
            common = sum(bool(one.ours) and held.get(one.theirs) == one.shape for one in variables)
            nearest = max(nearest, (common, name, variables), key=lambda one: one[0])
    common, name, variables = nearest
    if not common:
        return [f"no variable is one of {CODES[code].repository}'s: {', '.join(sorted(state)[:3])}, …"]
    return [f"nearest is {name}:", *_differences(state, source.beside, variables)]


def _fitting_specs(source: StateDicts, code: str) -> tuple[list[str], list[str]]:
    """The shipped specs whose generator has a source's shapes, one for each network; and all that the code has."""
    state = source.parts[generator_part(source, None)]
    fitting: dict[str, str] = {}
    possible: list[str] = []
    for name in shipped_specs():
        plan = compile_spec(load_spec(name))
        if code not in family_of("generator", plan.generator.family).official:
            continue
        possible.append(name)
        if _spoken(state, source.beside, plan, code):
            fitting.setdefault(plan.generator_hash, name)
    return list(fitting.values()), possible


def dialect_of(source: StateDicts, plan: ModelPlan, code: str) -> str:
    """Name the code whose names a source has: the one given, or a successor for the same networks that fits."""
    state = source.parts[generator_part(source, None)]
    return _spoken(state, source.beside, plan, code) or code


def from_state_dicts(
    source: StateDicts, plan: ModelPlan, code: str, *, which: str | None = None, with_discriminator: bool = False
) -> Converted:
    """The tensors of a plan's networks from other code's variables.

    Args:
        which: `g_ema` or `g`; by default the average where there is one.

    Raises:
        WeightsError: a part or variable is missing, left over, of another shape or not finite.
    """
    part = generator_part(source, which)
    if with_discriminator:
        refuse_without_discriminator(source)
    generator = _convert(source, part, plan, "generator", code)
    discriminator = _convert(source, CRITIC, plan, "discriminator", code) if with_discriminator else None
    taken = (part, *([CRITIC] if with_discriminator else []))
    unused = (
        f"{source.name_of(one)}: {len(state)} variables" for one, state in source.parts.items() if one not in taken
    )
    used = _used(source, part, plan, "generator", code)
    used += _used(source, CRITIC, plan, "discriminator", code) if with_discriminator else 0
    return Converted(source.name_of(part), generator, discriminator, used, (*unused, *source.others))


def origin_of(code: str, converted: Converted) -> dict[str, str]:
    """Say in the header of a converted model where it comes from, and on which terms."""
    terms = {"terms": CODES[code].terms} if CODES[code].terms else {}
    return {"source": CODES[code].repository, "which": converted.which} | terms


def _variables(plan: ModelPlan, role: Role, code: str) -> list[Variable]:
    """The variables of a plan's network in other code.

    Raises:
        WeightsError: that code has none of the plan's family.
    """
    family = family_of(role, plan.networks[role].family)
    if code not in family.official:
        known = ", ".join(one.name for one in families(role).values() if code in one.official) or "none"
        raise WeightsError(f"{CODES[code].repository} has no {family.name} {role}; of its families here: {known}")
    return list(family.official[code](plan.networks[role]))


def _spoken(
    state: Mapping[str, torch.Tensor], beside: Mapping[str, torch.Tensor], plan: ModelPlan, code: str
) -> str | None:
    """The first among a code and its successors whose names and shapes a state dict has."""
    words = (code, *CODES[code].successors)
    return next((word for word in words if not _differences(state, beside, _variables(plan, "generator", word))), None)


def _differences(
    state: Mapping[str, torch.Tensor], beside: Mapping[str, torch.Tensor], variables: list[Variable]
) -> list[str]:
    """Compare what a state dict holds with what a network wants; buffers that are made anew have no say."""
    anew = {one.theirs for one in variables if not one.ours}
    wanted = {
        one.theirs: one.shape
        for one in variables
        if one.ours and not (one.optional and one.theirs not in state and one.theirs not in beside)
    }
    found = {name: tuple(tensor.shape) for name, tensor in state.items() if name not in anew}
    found |= {name: tuple(beside[name].shape) for name in wanted if name not in found and name in beside}
    for one in variables:  # a mean style is stored as a row, too
        if one.optional and prod(found.get(one.theirs, ())) == prod(one.shape):
            wanted.pop(one.theirs, None)
            found.pop(one.theirs, None)
    return compare(wanted, found)


def _convert(source: StateDicts, part: str, plan: ModelPlan, role: Role, code: str) -> dict[str, torch.Tensor]:
    state, variables = source.parts[part], _variables(plan, role, code)
    if differences := _differences(state, source.beside, variables):
        fitting, _ = _fitting_specs(source, code)
        hint = (
            f"fits: --spec {', '.join(fitting)}" if fitting else "no shipped spec has a generator with these variables"
        )
        where = f"{source.file}: the variables of {source.name_of(part)} are not those of {plan.name}:"
        raise WeightsError("\n".join([where, *differences, *([hint] if role == "generator" else [])]))
    held = {**source.beside, **state}
    found = {
        one.ours: _as_ours(one, held[one.theirs], source.name_of(part))
        for one in variables
        if one.ours and one.theirs in held
    }
    with torch.device("meta"):
        names = build_network(plan, role).state_dict().keys()
    if missing := names - found.keys():
        new = build_network(plan, role).state_dict()
        found |= {name: new[name] for name in missing}
    return {name: found[name] for name in names}


def _used(source: StateDicts, part: str, plan: ModelPlan, role: Role, code: str) -> int:
    held = source.beside.keys() | source.parts[part].keys()
    return sum(bool(one.ours) and one.theirs in held for one in _variables(plan, role, code))


def _as_ours(variable: Variable, tensor: torch.Tensor, part: str) -> torch.Tensor:
    ours = torch.from_numpy(variable.to_ours(tensor.detach().float().numpy()))
    if not ours.isfinite().all():
        raise WeightsError(
            f"{part}: {variable.theirs} is not finite in the source; nothing is written: take another checkpoint"
        )
    return ours
