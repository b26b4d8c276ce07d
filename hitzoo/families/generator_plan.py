"""A generator's section to its plan."""

from __future__ import annotations

from typing import TypeAlias, cast

from hitzoo.errors import Problem
from hitzoo.families.convnet.plan import ConvnetGeneratorPlan, plan_convnet
from hitzoo.families.convnet.spec import ConvnetGeneratorSpec
from hitzoo.families.hit.plan import HitGeneratorPlan, plan_hit
from hitzoo.families.hit.spec import HitGeneratorSpec
from hitzoo.spec.types import Spec

GeneratorPlan: TypeAlias = HitGeneratorPlan | ConvnetGeneratorPlan


def plan_generator(spec: Spec) -> tuple[GeneratorPlan | None, list[Problem]]:
    """The generator by its family's rule, or everything that does not fit."""
    own, channels = spec.generator, spec.data.channels
    if isinstance(own, HitGeneratorSpec):
        return plan_hit(own, channels, spec.places)
    return plan_convnet(cast(ConvnetGeneratorSpec, own), channels), []
