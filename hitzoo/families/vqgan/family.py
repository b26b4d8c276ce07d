"""VQGAN's encoder and decoder as families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.vqgan.plan import (
    ConvDecoderPlan,
    VqEncoderPlan,
    outline_conv_decoder,
    plan_conv_decoder,
    plan_vq_encoder,
)
from hitzoo.families.vqgan.spec import ConvDecoderSpec, VqEncoderSpec

if TYPE_CHECKING:
    from torch import nn


def _build(plan: VqEncoderPlan | ConvDecoderPlan) -> nn.Module:
    from hitzoo.families.vqgan.model import VqganNetwork

    return VqganNetwork(plan)


def _definition(name: str) -> Mapping[str, Any]:
    return {name: definitions_beside(__file__)[name]}


VQ_ENCODER: Final = Family(
    name="vq_encoder",
    role="encoder",
    spec=VqEncoderSpec,
    schema=lambda: _definition("vq_encoder"),
    plan=plan_vq_encoder,
    build=_build,
)

CONV_DECODER: Final = Family(
    name="conv_decoder",
    role="generator",
    spec=ConvDecoderSpec,
    schema=lambda: _definition("conv_decoder"),
    plan=plan_conv_decoder,
    build=_build,
    outline=outline_conv_decoder,
)
