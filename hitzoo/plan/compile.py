"""Spec to plan: a pure function that decides everything, or says everything that does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hitzoo.errors import Problem
from hitzoo.plan.hit import HitGeneratorPlan, plan_hit
from hitzoo.plan.stylegan2 import Stylegan2DiscriminatorPlan, plan_stylegan2
from hitzoo.plan.types import plan_hash
from hitzoo.spec.types import Spec


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """Both networks of a model, decided."""

    name: str
    generator: HitGeneratorPlan
    discriminator: Stylegan2DiscriminatorPlan

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
    generator, problems = plan_hit(spec.generator, spec.data.channels, spec.places)
    reached = spec.generator.initial_size << (len(spec.generator.stages) - 1)
    discriminator = None
    if spec.data.resolution in (None, reached):
        discriminator, more = plan_stylegan2(spec, reached)
        problems += more
    else:
        problems.append(_resolution_problem(spec, reached))
    if generator is None or discriminator is None or problems:
        raise spec.places.error(problems)
    return ModelPlan(name=spec.name, generator=generator, discriminator=discriminator)


def _resolution_problem(spec: Spec, reached: int) -> Problem:
    wanted, first, count = spec.data.resolution, spec.generator.initial_size, len(spec.generator.stages)
    message = f"the last stage reaches {reached}, not the wanted {wanted} ({count} stages, doubling from {first})"
    needed = next((n for n in range(1, 13) if first << (n - 1) == wanted), None)
    hint = f"give {needed} stages" if needed else f"{wanted} is not {first} doubled; change generator.initial_size"
    return spec.places.problem(("data", "resolution"), message, f"{hint}, or set data.resolution: {reached}")
