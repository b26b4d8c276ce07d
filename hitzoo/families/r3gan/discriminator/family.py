"""R3GAN's discriminator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.r3gan.discriminator.plan import R3ganDiscriminatorPlan, plan_r3gan_discriminator
from hitzoo.families.r3gan.discriminator.spec import R3ganDiscriminatorSpec
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.stylegan2.plan import SIDES

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable


def _build(plan: R3ganDiscriminatorPlan) -> nn.Module:
    from hitzoo.families.r3gan.discriminator.model import R3ganDiscriminator

    return R3ganDiscriminator(plan)


def _official(plan: R3ganDiscriminatorPlan) -> Iterable[Variable]:
    from hitzoo.families.r3gan.official import discriminator_variables

    return discriminator_variables(plan)


R3GAN_DISCRIMINATOR: Final = Family(
    name="r3gan",
    role="discriminator",
    spec=R3ganDiscriminatorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_r3gan_discriminator,
    build=_build,
    sides=SIDES,
    official={"r3gan": _official},
)
