"""Models of other PyTorch code to ours, by a family's variables in that code; every variable is accounted for.

Buffers that follow from a network's sizes are left out and made anew, whether a file has them or not.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
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


def recognise(source: StateDicts, code: str, file: str = "") -> list[str]:
    """Name the shipped specs whose generator has the shapes of a source's, the likeliest first.

    Several with one generator differ in their data: those whose words the name of the `file` has are alone in the list;
    of others the shortest name is the first. A spec that is derived from another that fits has no say, since it differs
    in what no file shows (`stylegan2-ffhq256-full`: in its training).

    Raises:
        WeightsError: none has, or several networks have; the way on is `--spec`.
    """
    plans = _shipped_plans()
    fitting = _by_network(_bases(_fitting(plans, source, code)))
    if len(fitting) == 1:
        (names,) = fitting.values()
        letters = "".join(re.findall("[a-z]+", file.lower()))
        said = {name: sum(word in letters for word in _words(name)) for name in names}
        likely = [name for name in names if said[name] == max(said.values())]
        return sorted(likely, key=lambda name: (len(name), name))
    possible = [plan.name for plan in plans if code in _codes(plan)]
    known = ", ".join([names[0] for names in fitting.values()] or possible)
    why = "several specs have" if fitting else "no spec has"
    message = (
        f"{source.file}: {why} a generator with these variables; give --spec with one of your own, or one of {known}"
    )
    raise WeightsError("\n".join([message, *([] if fitting else _nearest(source, code, plans))]))


def _nearest(source: StateDicts, code: str, plans: Iterable[ModelPlan]) -> list[str]:
    """Say of which other code a source's variables are, or how they differ from those of the spec that has most."""
    known = (code, *CODES[code].successors)
    for other in CODES:
        if other not in known and _fitting(plans, source, other):
            return [f"they are those of {CODES[other].repository}: --from {other}"]
    state = source.parts[generator_part(source, None)]
    held = {name: tuple(tensor.shape) for name, tensor in state.items()}
    nearest: tuple[int, str, list[Variable]] = (0, "", [])
    for plan in plans:
        for word in known if code in _codes(plan) else ():
            variables = _variables(plan, "generator", word)
            common = sum(bool(one.ours) and held.get(one.theirs) == one.shape for one in variables)
            nearest = max(nearest, (common, plan.name, variables), key=lambda one: one[0])
    common, name, variables = nearest
    if not common:
        return [f"no variable is one of {CODES[code].repository}'s: {', '.join(sorted(state)[:3])}, …"]
    return [f"nearest is {name}:", *_differences(state, source.beside, variables)]


def dialect_of(source: StateDicts, plan: ModelPlan, code: str) -> str:
    """Name the code whose names a source has: the one given, or a successor for the same networks that fits."""
    state = source.parts[generator_part(source, None)]
    return _spoken(state, source.beside, plan, code) or code


def _shipped_plans() -> list[ModelPlan]:
    return [compile_spec(load_spec(name)) for name in shipped_specs()]


def _by_network(plans: Iterable[ModelPlan]) -> dict[str, list[str]]:
    """Names of plans by the generator that they share."""
    names: dict[str, list[str]] = {}
    for plan in plans:
        names.setdefault(plan.generator_hash, []).append(plan.name)
    return names


def _bases(plans: list[ModelPlan]) -> list[ModelPlan]:
    """The plans whose name does not begin with another's."""
    return [plan for plan in plans if not any(plan.name.startswith(f"{other.name}-") for other in plans)]


def _fitting(plans: Iterable[ModelPlan], source: StateDicts, code: str) -> list[ModelPlan]:
    """The plans whose generator has a source's shapes under the names of a code."""
    state = source.parts[generator_part(source, None)]
    return [plan for plan in plans if code in _codes(plan) and _spoken(state, source.beside, plan, code)]


def _codes(plan: ModelPlan) -> Container[str]:
    """The codes that have a plan's generator."""
    return family_of("generator", plan.generator.family).official


def _words(name: str) -> list[str]:
    """The words of a spec's name: `styleswin` and `ffhq` of styleswin-ffhq256."""
    return re.findall("[a-z]+", name)


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


def fits(source: StateDicts, part: str, plan: ModelPlan, role: Role, code: str) -> bool:
    """True if a part of a source has the variables of a plan's network; False too where that code has no such one."""
    if code not in family_of(role, plan.networks[role].family).official:
        return False
    return not _differences(source.parts[part], source.beside, _variables(plan, role, code))


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
    wanted = {one.theirs: one.shape for one in _chosen(variables, {**beside, **state})}
    found = {name: tuple(tensor.shape) for name, tensor in state.items() if name not in anew}
    found |= {name: tuple(beside[name].shape) for name in wanted if name not in found and name in beside}
    for one in variables:  # a mean style is stored as a row, too
        if one.optional and prod(found.get(one.theirs, ())) == prod(one.shape):
            wanted.pop(one.theirs, None)
            found.pop(one.theirs, None)
    return compare(wanted, found)


def _chosen(variables: Iterable[Variable], held: Container[str]) -> list[Variable]:
    """Of each variable of ours the form that is there whole; where none is, the first, unless it is optional."""
    forms: dict[str, dict[str, list[Variable]]] = {}
    for one in variables:
        if one.ours:
            forms.setdefault(one.ours, {}).setdefault(one.form, []).append(one)
    chosen: list[Variable] = []
    for possible in forms.values():
        there = [form for form in possible.values() if all(one.theirs in held for one in form)]
        first = next(iter(possible.values()))
        chosen += there[0] if there else [one for one in first if not one.optional]
    return chosen


def _convert(source: StateDicts, part: str, plan: ModelPlan, role: Role, code: str) -> dict[str, torch.Tensor]:
    state, variables = source.parts[part], _variables(plan, role, code)
    if differences := _differences(state, source.beside, variables):
        fitting = _by_network(_fitting(_shipped_plans(), source, code)).values()
        hint = f"fits: --spec {', '.join(names[0] for names in fitting)}"
        if not fitting:
            hint = "no shipped spec has a generator with these variables"
        if role == "discriminator":  # a spec is found by its generator
            hint = (
                "give --spec FILE whose section `discriminator` describes this one, or leave --with-discriminator out"
            )
        where = f"{source.file}: the variables of {source.name_of(part)} are not those of {plan.name}:"
        raise WeightsError("\n".join([where, *differences, hint]))
    held = {**source.beside, **state}
    pieces: dict[str, list[torch.Tensor]] = {}
    for one in _chosen(variables, held):
        pieces.setdefault(one.ours, []).append(_as_ours(one, held[one.theirs], source.name_of(part)))
    found = {name: tensors[0] if len(tensors) == 1 else torch.cat(tensors, dim=-1) for name, tensors in pieces.items()}
    with torch.device("meta"):
        names = build_network(plan, role).state_dict().keys()
    if missing := names - found.keys():
        new = build_network(plan, role).state_dict()
        found |= {name: new[name] for name in missing}
    return {name: found[name] for name in names}


def _used(source: StateDicts, part: str, plan: ModelPlan, role: Role, code: str) -> int:
    held = source.beside.keys() | source.parts[part].keys()
    return len(_chosen(_variables(plan, role, code), held))


def _as_ours(variable: Variable, tensor: torch.Tensor, part: str) -> torch.Tensor:
    ours = torch.from_numpy(variable.to_ours(tensor.detach().float().numpy()))
    if not ours.isfinite().all():
        raise WeightsError(
            f"{part}: {variable.theirs} is not finite in the source; nothing is written: take another checkpoint"
        )
    return ours
