"""StyleGAN2's discriminator as published, as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.stylegan2.plan import SIDES
from hitzoo.families.stylegan2_original.plan import Stylegan2OriginalPlan, plan_stylegan2_original
from hitzoo.families.stylegan2_original.spec import Stylegan2OriginalSpec

if TYPE_CHECKING:
    from torch import nn


def _build(plan: Stylegan2OriginalPlan) -> nn.Module:
    from hitzoo.families.stylegan2_original.model import Stylegan2OriginalDiscriminator

    return Stylegan2OriginalDiscriminator(plan)


STYLEGAN2_ORIGINAL: Final = Family(
    name="stylegan2_original",
    role="discriminator",
    spec=Stylegan2OriginalSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_stylegan2_original,
    build=_build,
    sides=SIDES,
)
