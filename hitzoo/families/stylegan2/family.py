"""StyleGAN2's residual discriminator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.stylegan2.plan import SIDES, Stylegan2DiscriminatorPlan, plan_stylegan2
from hitzoo.families.stylegan2.spec import Stylegan2DiscriminatorSpec

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable


def _build(plan: Stylegan2DiscriminatorPlan) -> nn.Module:
    from hitzoo.families.stylegan2.model import Stylegan2Discriminator

    return Stylegan2Discriminator(plan)


def _official(plan: Stylegan2DiscriminatorPlan) -> Iterable[Variable]:
    from hitzoo.families.stylegan2.official import stylegan2_variables

    return stylegan2_variables(plan)


STYLEGAN2: Final = Family(
    name="stylegan2",
    role="discriminator",
    spec=Stylegan2DiscriminatorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_stylegan2,
    build=_build,
    sides=SIDES,
    official={"hit-gan": _official},
)
