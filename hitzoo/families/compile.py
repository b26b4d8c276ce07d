"""Spec to plan: a pure function that decides everything, or says everything that does not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hitzoo.errors import Problem, RequestError
from hitzoo.families.coding import Coding, plan_coding
from hitzoo.families.family import ANY_SIDE, LARGEST_SIDE, Family, Frame, Outline, Sides
from hitzoo.families.notes import notes_of
from hitzoo.families.path_length_problems import path_length_problems
from hitzoo.families.port_problems import discriminator_port_problems, generator_port_problems
from hitzoo.families.registry import family_of
from hitzoo.families.training_problems import regularizer_problems, training_problems
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.network import NetworkPlan
from hitzoo.plan.ports import Image
from hitzoo.spec.place import Path
from hitzoo.spec.types import Spec


def compile_generator(spec: Spec) -> ModelPlan:
    """Decide the generator of a spec alone, and what its codes come from, whatever discriminator would go with it.

    Raises:
        SpecError: sizes that do not fit each other.
    """
    coding, generator, problems = _planned_generator(spec, _frame(spec, ANY_SIDE))
    problems += _range_problems(spec)
    if generator is None or problems:
        raise spec.places.error(problems)
    networks = {**coding.networks, "generator": generator}
    return ModelPlan(name=spec.name, networks=networks, pixel_range=spec.data.pixel_range)


def compile_spec(spec: Spec) -> ModelPlan:
    """Decide every name, size and shape of a spec's networks, each by its family.

    Raises:
        SpecError: sizes that do not fit each other; all problems together, each with its line.
        UnknownNameError: a family that is not installed.
        RequestError: no `Spec`, as where a name is given.
    """
    if not isinstance(spec, Spec):
        raise RequestError(f"compile_spec takes a Spec, not {spec!r}; write compile_spec(load_spec(…))")
    maker = family_of("generator", spec.generator.family)
    critic = family_of("discriminator", spec.discriminator.family)
    frame = _frame(spec, critic.sides)
    coding, generator, problems = _planned_generator(spec, frame)
    outline = _outline(maker, spec, generator)
    if generator is not None:
        problems += generator_port_problems(generator, replace(frame, codes=coding.codes), outline, spec)
        problems += path_length_problems(spec, generator)
    if outline is None:
        raise spec.places.error([*problems, *regularizer_problems(spec)])
    if outline.side > LARGEST_SIDE and problems:
        raise spec.places.error([*problems, *training_problems(spec, outline)])
    frame = replace(frame, side=outline.side, decided_by=outline.decided_by, change=outline.change)
    discriminator, more = _planned(critic, spec.discriminator, frame, spec)
    problems += [*more, *training_problems(spec, outline, discriminator), *_range_problems(spec)]
    if generator is not None and discriminator is not None:
        problems += discriminator_port_problems(discriminator, generator, spec)
    if generator is None or discriminator is None or problems:
        raise spec.places.error(problems)
    return ModelPlan(
        name=spec.name,
        networks={**coding.networks, "generator": generator, "discriminator": discriminator},
        notes=(*notes_of(spec, generator), *_family_notes(critic, discriminator, spec)),
        pixel_range=spec.data.pixel_range,
    )


def _range_problems(spec: Spec) -> list[Problem]:
    """ImageNet's statistics are those of three channels."""
    if spec.data.pixel_range == "unit" or spec.data.channels == 3:
        return []
    message = f"the range {spec.data.pixel_range} is one of 3 channels, not of {spec.data.channels}"
    beside: list[Path] = [("data", "channels")]
    return [spec.places.problem(("data", "range"), message, "leave it out, or set data.channels: 3", beside=beside)]


def _family_notes(family: Family[Any, Any], plan: NetworkPlan, spec: Spec) -> tuple[str, ...]:
    return family.notes(plan, spec.training) if family.notes else ()


def _frame(spec: Spec, sides: Sides) -> Frame:
    return Frame(
        wanted=spec.data.resolution,
        channels=spec.data.channels,
        batch_size=spec.training.batch_size,
        sides=sides,
    )


def _planned_generator(spec: Spec, frame: Frame) -> tuple[Coding, NetworkPlan | None, list[Problem]]:
    """The generator, after the encoder and quantizer that it takes codes from."""
    family = family_of("generator", spec.generator.family)
    coding = plan_coding(spec, frame, family.outline(spec.generator) if family.outline else None)
    generator, problems = _planned(family, spec.generator, replace(frame, codes=coding.codes), spec)
    if generator is None and not problems and not coding.problems:
        message = f"the family {family.name} takes codes, and there is nothing that makes them"
        problems = [spec.places.problem(("generator", "family"), message, "add the sections encoder and quantizer")]
    return coding, generator, [*coding.problems, *problems]


def _planned(family: Family[Any, Any], own: Any, frame: Frame, spec: Spec) -> tuple[NetworkPlan | None, list[Problem]]:
    """The plan by the family's rule, or everything that does not fit."""
    found = family.plan(own, frame, spec.places)
    return (None, list(found)) if isinstance(found, list) else (found, [])


def _outline(family: Family[Any, Any], spec: Spec, plan: NetworkPlan | None) -> Outline | None:
    """Outline the images: by the family's word, else by its plan where there is one."""
    if family.outline is not None:
        return family.outline(spec.generator)
    if plan is None or not isinstance(plan.gives, Image):
        return None
    return Outline(side=plan.gives.side, resolutions=tuple(side for _, side in plan.parts), normed=plan.normed)
