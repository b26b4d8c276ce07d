"""The residual convolutional generator that HiT is compared with, as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.convnet.plan import ConvnetGeneratorPlan, ended_convnet, outline_convnet, plan_convnet
from hitzoo.families.convnet.spec import ConvnetGeneratorSpec
from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: ConvnetGeneratorPlan) -> nn.Module:
    from hitzoo.families.convnet.model import ConvnetGenerator

    return ConvnetGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.convnet.fold import OptimizedConvnet

    return OptimizedConvnet(generator, kernels)


CONVNET: Final = Family(
    name="convnet",
    role="generator",
    spec=ConvnetGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_convnet,
    build=_build,
    outline=outline_convnet,
    fold=_fold,
    ended=ended_convnet,
)
