"""The families of generators, each with its planning rule: the one place that lists them."""

from __future__ import annotations

from typing import TypeAlias

from hitzoo.errors import Problem
from hitzoo.families.convnet.plan import ConvnetGeneratorPlan, plan_convnet
from hitzoo.families.hit.plan import HitGeneratorPlan, plan_hit
from hitzoo.spec.place import Path
from hitzoo.spec.types import HitGeneratorSpec, Spec

GeneratorPlan: TypeAlias = HitGeneratorPlan | ConvnetGeneratorPlan


def plan_generator(spec: Spec) -> tuple[GeneratorPlan | None, list[Problem]]:
    """The generator by its family's rule, or everything that does not fit."""
    own, channels = spec.generator, spec.data.channels
    if isinstance(own, HitGeneratorSpec):
        return plan_hit(own, channels, spec.places)
    return plan_convnet(own, channels), []


def steps_of(spec: Spec) -> tuple[Path, int]:
    """Where a document lists the generator's resolutions, and how many there are."""
    listed = spec.generator.LISTED
    return ("generator", listed), len(getattr(spec.generator, listed))


def reached_resolution(spec: Spec) -> int:
    """The side of the generator's image: the initial one doubled from each step to the next."""
    return spec.generator.initial_size << (steps_of(spec)[1] - 1)
