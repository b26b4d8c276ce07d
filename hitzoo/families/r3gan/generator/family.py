"""R3GAN's generator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.r3gan.generator.plan import (
    R3ganGeneratorPlan,
    ended_r3gan_generator,
    outline_r3gan_generator,
    plan_r3gan_generator,
)
from hitzoo.families.r3gan.generator.spec import R3ganGeneratorSpec
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: R3ganGeneratorPlan) -> nn.Module:
    from hitzoo.families.r3gan.generator.model import R3ganGenerator

    return R3ganGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.r3gan.generator.fold import OptimizedR3gan

    return OptimizedR3gan(generator, kernels)


def _official(plan: R3ganGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.r3gan.official import generator_variables

    return generator_variables(plan)


R3GAN_GENERATOR: Final = Family(
    name="r3gan",
    role="generator",
    spec=R3ganGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_r3gan_generator,
    build=_build,
    outline=outline_r3gan_generator,
    fold=_fold,
    ended=ended_r3gan_generator,
    official={"r3gan": _official},
)
