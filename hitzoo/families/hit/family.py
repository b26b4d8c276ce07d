"""The HiT generator (Zhao et al. 2021) as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.hit.plan import HitGeneratorPlan, ended_hit, outline_hit, plan_hit
from hitzoo.families.hit.spec import HitGeneratorSpec
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: HitGeneratorPlan) -> nn.Module:
    from hitzoo.families.hit.model import HiTGenerator

    return HiTGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.hit.fold.generator import OptimizedHiT

    return OptimizedHiT(generator, kernels)


def _official(plan: HitGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.hit.official import hit_variables

    return hit_variables(plan)


HIT: Final = Family(
    name="hit",
    role="generator",
    spec=HitGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_hit,
    build=_build,
    outline=outline_hit,
    fold=_fold,
    ended=ended_hit,
    official={"hit-gan": _official},
)
