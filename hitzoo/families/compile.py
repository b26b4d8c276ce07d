"""Spec to plan: a pure function that decides everything, or says everything that does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hitzoo.families.generator_plan import GeneratorPlan, plan_generator
from hitzoo.families.hit.problems import LARGEST_SIDE
from hitzoo.families.notes import notes_of
from hitzoo.families.resolution import reached_resolution
from hitzoo.families.resolution_problem import resolution_problem
from hitzoo.families.stylegan2.plan import Stylegan2DiscriminatorPlan, plan_stylegan2
from hitzoo.families.training_problems import training_problems
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
    if reached > LARGEST_SIDE and problems:
        raise spec.places.error([*problems, *training_problems(spec)])
    discriminator, more = plan_stylegan2(spec, reached)
    problems += more
    if spec.data.resolution not in (None, reached):
        problems.append(resolution_problem(spec, reached))
    problems += training_problems(spec)
    if generator is None or discriminator is None or problems:
        raise spec.places.error(problems)
    return ModelPlan(name=spec.name, generator=generator, discriminator=discriminator, notes=notes_of(spec))
