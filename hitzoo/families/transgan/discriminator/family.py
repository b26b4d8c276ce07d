"""TransGAN's discriminator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.transgan.discriminator.plan import TransganDiscriminatorPlan, plan_transgan_discriminator
from hitzoo.families.transgan.discriminator.spec import TransganDiscriminatorSpec

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable


def _build(plan: TransganDiscriminatorPlan) -> nn.Module:
    from hitzoo.families.transgan.discriminator.model import TransganDiscriminator

    return TransganDiscriminator(plan)


def _official(plan: TransganDiscriminatorPlan) -> Iterable[Variable]:
    from hitzoo.families.transgan.discriminator.official import discriminator_variables

    return discriminator_variables(plan)


TRANSGAN_DISCRIMINATOR: Final = Family(
    name="transgan",
    role="discriminator",
    spec=TransganDiscriminatorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_transgan_discriminator,
    build=_build,
    official={"transgan": _official},
)
