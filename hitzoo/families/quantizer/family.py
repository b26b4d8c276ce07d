"""Quantizers as families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.quantizer.plan import QuantizerPlan, plan_fsq, plan_lfq, plan_simvq, plan_vq
from hitzoo.families.quantizer.spec import FsqSpec, LfqSpec, SimVqSpec, VqSpec
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn


def _build(plan: QuantizerPlan) -> nn.Module:
    from hitzoo.families.quantizer.model import Quantizer

    return Quantizer(plan)


def _definition(name: str) -> Mapping[str, Any]:
    return {name: definitions_beside(__file__)[name]}


VQ: Final = Family(
    name="vq", role="quantizer", spec=VqSpec, schema=lambda: _definition("vq"), plan=plan_vq, build=_build
)
SIMVQ: Final = Family(
    name="simvq", role="quantizer", spec=SimVqSpec, schema=lambda: _definition("simvq"), plan=plan_simvq, build=_build
)
FSQ: Final = Family(
    name="fsq", role="quantizer", spec=FsqSpec, schema=lambda: _definition("fsq"), plan=plan_fsq, build=_build
)
LFQ: Final = Family(
    name="lfq", role="quantizer", spec=LfqSpec, schema=lambda: _definition("lfq"), plan=plan_lfq, build=_build
)
