"""TransGAN's generator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.transgan.generator.plan import (
    TransganGeneratorPlan,
    ended_transgan_generator,
    outline_transgan_generator,
    plan_transgan_generator,
)
from hitzoo.families.transgan.generator.spec import TransganGeneratorSpec

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: TransganGeneratorPlan) -> nn.Module:
    from hitzoo.families.transgan.generator.model import TransganGenerator

    return TransganGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.transgan.generator.fold import OptimizedTransgan

    return OptimizedTransgan(generator, kernels)


def _official(plan: TransganGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.transgan.generator.official import generator_variables

    return generator_variables(plan)


TRANSGAN_GENERATOR: Final = Family(
    name="transgan",
    role="generator",
    spec=TransganGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_transgan_generator,
    build=_build,
    outline=outline_transgan_generator,
    fold=_fold,
    ended=ended_transgan_generator,
    official={"transgan": _official},
)
