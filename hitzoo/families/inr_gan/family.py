"""INR-GAN as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.inr_gan.plan import InrGanGeneratorPlan, outline_inr_gan, plan_inr_gan
from hitzoo.families.inr_gan.spec import InrGanGeneratorSpec
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: InrGanGeneratorPlan) -> nn.Module:
    from hitzoo.families.inr_gan.model import InrGanGenerator

    return InrGanGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.inr_gan.fold import OptimizedInrGan

    return OptimizedInrGan(generator, kernels)


def _official(plan: InrGanGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.inr_gan.official import inr_gan_variables

    return inr_gan_variables(plan)


INR_GAN: Final = Family(
    name="inr_gan",
    role="generator",
    spec=InrGanGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_inr_gan,
    build=_build,
    outline=outline_inr_gan,
    fold=_fold,
    official={"inr-gan": _official},
)
