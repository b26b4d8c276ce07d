"""CIPS as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.cips.plan import CipsGeneratorPlan, outline_cips, plan_cips
from hitzoo.families.cips.spec import CipsGeneratorSpec
from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: CipsGeneratorPlan) -> nn.Module:
    from hitzoo.families.cips.model import CipsGenerator

    return CipsGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.cips.fold import OptimizedCips

    return OptimizedCips(generator, kernels)


def _official(plan: CipsGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.cips.official import cips_variables

    return cips_variables(plan)


CIPS: Final = Family(
    name="cips",
    role="generator",
    spec=CipsGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_cips,
    build=_build,
    outline=outline_cips,
    fold=_fold,
    official={"cips": _official},
)
