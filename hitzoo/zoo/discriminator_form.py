"""The form of a file's discriminator, where published files come in several: with the settings that fit its shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hitzoo.families.compile import compile_spec
from hitzoo.families.registry import family_of
from hitzoo.plan.model import ModelPlan
from hitzoo.spec.types import Spec
from hitzoo.zoo.convert_state_dict import fits
from hitzoo.zoo.state_dict_source import CRITIC, StateDicts


def in_form_of(source: StateDicts, spec: Spec, plan: ModelPlan, code: str) -> tuple[Spec, ModelPlan, str]:
    """Return the spec and plan whose discriminator is a source's, and what was set besides: `spectral_norm: false`.

    They are those given, and nothing was set, where these fit, or where no form of their family does.
    """
    if CRITIC not in source.parts or fits(source, CRITIC, plan, "discriminator", code):
        return spec, plan, ""
    for form in family_of("discriminator", plan.discriminator.family).forms:
        section: Any = spec.discriminator
        other = replace(spec, discriminator=replace(section, **form))
        planned = compile_spec(other)
        if fits(source, CRITIC, planned, "discriminator", code):
            return other, planned, ", ".join(f"{key}: {str(value).lower()}" for key, value in form.items())
    return spec, plan, ""
