"""StyleGAN2's residual discriminator as a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hitzoo.errors import Problem
from hitzoo.families.family import Family, Frame
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.stylegan2.plan import Stylegan2DiscriminatorPlan, is_halvable, plan_widths
from hitzoo.families.stylegan2.spec import Stylegan2DiscriminatorSpec
from hitzoo.spec.place import Places

if TYPE_CHECKING:
    from torch import nn


def _plan(spec: Stylegan2DiscriminatorSpec, frame: Frame, places: Places) -> Stylegan2DiscriminatorPlan | list[Problem]:
    if frame.side is None or not is_halvable(frame.side):
        return [places.problem(("discriminator",), f"a side of {frame.side} cannot be halved down to 4")]
    return plan_widths(spec, frame.side, frame.channels)


def _build(plan: Stylegan2DiscriminatorPlan) -> nn.Module:
    from hitzoo.families.stylegan2.model import Stylegan2Discriminator

    return Stylegan2Discriminator(plan)


STYLEGAN2: Final = Family(
    name="stylegan2",
    role="discriminator",
    spec=Stylegan2DiscriminatorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=_plan,
    build=_build,
)
