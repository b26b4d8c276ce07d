"""StyleGAN2's generator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

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

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: Stylegan2GeneratorPlan) -> nn.Module:
    from hitzoo.families.stylegan2_generator.model import Stylegan2Generator

    return Stylegan2Generator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.stylegan2_generator.fold import OptimizedStylegan2

    return OptimizedStylegan2(generator, kernels)


def _rosinality(plan: Stylegan2GeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.stylegan2_generator.official import rosinality_generator

    return rosinality_generator(plan)


def _nvidia(plan: Stylegan2GeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.stylegan2_generator.official import nvidia_generator

    return nvidia_generator(plan)


STYLEGAN2_GENERATOR: Final = Family(
    name="stylegan2",
    role="generator",
    spec=Stylegan2GeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_stylegan2_generator,
    build=_build,
    outline=outline_stylegan2_generator,
    fold=_fold,
    ended=ended_stylegan2_generator,
    official={"stylegan2": _rosinality, "stylegan2-ada": _nvidia},
)
