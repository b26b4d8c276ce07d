"""StyleGAN2's generator as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.stylegan2_generator.plan import (
    Stylegan2GeneratorPlan,
    ended_stylegan2_generator,
    outline_stylegan2_generator,
    plan_stylegan2_generator,
)
from hitzoo.families.stylegan2_generator.spec import Stylegan2GeneratorSpec

if TYPE_CHECKING:
    from torch import nn


def _build(plan: Stylegan2GeneratorPlan) -> nn.Module:
    from hitzoo.families.stylegan2_generator.model import Stylegan2Generator

    return Stylegan2Generator(plan)


STYLEGAN2_GENERATOR: Final = Family(
    name="stylegan2",
    role="generator",
    spec=Stylegan2GeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_stylegan2_generator,
    build=_build,
    outline=outline_stylegan2_generator,
    ended=ended_stylegan2_generator,
)
