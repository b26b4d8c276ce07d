"""Projected GAN's discriminator as a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family, Pretrained
from hitzoo.families.projected.plan import ProjectedDiscriminatorPlan, notes_of_projected, plan_projected
from hitzoo.families.projected.spec import ProjectedDiscriminatorSpec
from hitzoo.families.schema_file import definitions_beside

if TYPE_CHECKING:
    from torch import nn


def _build(plan: ProjectedDiscriminatorPlan) -> nn.Module:
    from hitzoo.families.projected.model import ProjectedDiscriminator

    return ProjectedDiscriminator(plan)


def _pretrained(spec: ProjectedDiscriminatorSpec) -> Pretrained:
    return Pretrained(name=spec.backbone, trained_on="ImageNet", license="apache-2.0", sha256=spec.weights or "")


def _settle(spec: ProjectedDiscriminatorSpec, note: Callable[[str], None]) -> ProjectedDiscriminatorSpec:
    from hitzoo.backbones.weights import fetch_weights

    return replace(spec, weights=fetch_weights(spec.backbone, spec.weights or "", note).sha256)


PROJECTED: Final = Family(
    name="projected",
    role="discriminator",
    spec=ProjectedDiscriminatorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_projected,
    build=_build,
    notes=notes_of_projected,
    pretrained=_pretrained,
    settle=_settle,
)
