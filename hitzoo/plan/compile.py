"""Spec to plan: a pure function that decides everything, or says everything that does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hitzoo.errors import Problem
from hitzoo.plan.families import GeneratorPlan, plan_generator, reached_resolution, steps_of
from hitzoo.plan.notes import notes_of
from hitzoo.plan.stylegan2 import Stylegan2DiscriminatorPlan, plan_stylegan2
from hitzoo.plan.training_problems import training_problems
from hitzoo.plan.types import plan_hash
from hitzoo.spec.types import Spec


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """Both networks of a model, decided; `notes` are for the author and no part of the networks."""

    name: str
    generator: GeneratorPlan
    discriminator: Stylegan2DiscriminatorPlan
    notes: tuple[str, ...] = ()

    @cached_property
    def generator_hash(self) -> str:
        """The identity of the generator; it is stored beside its weights."""
        return plan_hash(self.generator)

    @cached_property
    def discriminator_hash(self) -> str:
        """The identity of the discriminator; it is stored beside its weights."""
        return plan_hash(self.discriminator)


def compile_spec(spec: Spec) -> ModelPlan:
    """Decide every name, size and shape of a spec's two networks.

    Raises:
        SpecError: sizes that do not fit each other; all problems together, each with its line.
    """
    generator, problems = plan_generator(spec)
    reached = reached_resolution(spec)
    discriminator = None
    if spec.data.resolution in (None, reached):
        discriminator, more = plan_stylegan2(spec, reached)
        problems += more
    else:
        problems.append(_resolution_problem(spec, reached))
    problems += training_problems(spec)
    if generator is None or discriminator is None or problems:
        raise spec.places.error(problems)
    return ModelPlan(name=spec.name, generator=generator, discriminator=discriminator, notes=notes_of(spec))


def _resolution_problem(spec: Spec, reached: int) -> Problem:
    wanted, first = spec.data.resolution, spec.generator.initial_size
    (_, what), count = steps_of(spec)
    message = f"the last stage reaches {reached}, not the wanted {wanted} ({count} {what}, doubling from {first})"
    needed = next((n for n in range(1, 13) if first << (n - 1) == wanted), None)
    hint = f"give {needed} {what}" if needed else f"{wanted} is not {first} doubled; change generator.initial_size"
    return spec.places.problem(("data", "resolution"), message, f"{hint}, or set data.resolution: {reached}")
