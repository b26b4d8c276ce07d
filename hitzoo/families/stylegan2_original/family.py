"""StyleGAN2's discriminator as published, as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.stylegan2.plan import SIDES
from hitzoo.families.stylegan2_original.plan import Stylegan2OriginalPlan, plan_stylegan2_original
from hitzoo.families.stylegan2_original.spec import Stylegan2OriginalSpec

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable


def _build(plan: Stylegan2OriginalPlan) -> nn.Module:
    from hitzoo.families.stylegan2_original.model import Stylegan2OriginalDiscriminator

    return Stylegan2OriginalDiscriminator(plan)


def _rosinality(plan: Stylegan2OriginalPlan) -> Iterable[Variable]:
    from hitzoo.families.stylegan2_original.official import rosinality_discriminator

    return rosinality_discriminator(plan)


def _nvidia(plan: Stylegan2OriginalPlan) -> Iterable[Variable]:
    from hitzoo.families.stylegan2_original.official import nvidia_discriminator

    return nvidia_discriminator(plan)


STYLEGAN2_ORIGINAL: Final = Family(
    name="stylegan2_original",
    role="discriminator",
    spec=Stylegan2OriginalSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_stylegan2_original,
    build=_build,
    sides=SIDES,
    official=dict.fromkeys(("stylegan2", "cips"), _rosinality) | {"stylegan2-ada": _nvidia},
)
