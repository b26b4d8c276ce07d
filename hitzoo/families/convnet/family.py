"""The residual convolutional generator that HiT is compared with, as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hitzoo.errors import Problem
from hitzoo.families.convnet.plan import ConvnetGeneratorPlan, plan_convnet
from hitzoo.families.convnet.spec import ConvnetGeneratorSpec
from hitzoo.families.family import Family, Frame
from hitzoo.families.schema_file import definitions_beside
from hitzoo.spec.place import Places

if TYPE_CHECKING:
    from torch import nn


def _plan(spec: ConvnetGeneratorSpec, frame: Frame, places: Places) -> ConvnetGeneratorPlan | list[Problem]:
    return plan_convnet(spec, frame.channels)


def _build(plan: ConvnetGeneratorPlan) -> nn.Module:
    from hitzoo.families.convnet.model import ConvnetGenerator

    return ConvnetGenerator(plan)


CONVNET: Final = Family(
    name="convnet",
    role="generator",
    spec=ConvnetGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=_plan,
    build=_build,
)
