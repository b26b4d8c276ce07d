"""The HiT generator (Zhao et al. 2021) as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hitzoo.errors import Problem
from hitzoo.families.family import Family, Frame
from hitzoo.families.hit.plan import HitGeneratorPlan, plan_hit
from hitzoo.families.hit.spec import HitGeneratorSpec
from hitzoo.families.schema_file import definitions_beside
from hitzoo.spec.place import Places

if TYPE_CHECKING:
    from torch import nn


def _plan(spec: HitGeneratorSpec, frame: Frame, places: Places) -> HitGeneratorPlan | list[Problem]:
    plan, problems = plan_hit(spec, frame.channels, places)
    return problems if plan is None else plan


def _build(plan: HitGeneratorPlan) -> nn.Module:
    from hitzoo.families.hit.model import HiTGenerator

    return HiTGenerator(plan)


HIT: Final = Family(
    name="hit",
    role="generator",
    spec=HitGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=_plan,
    build=_build,
)
