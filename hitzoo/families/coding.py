"""The encoder and quantizer of a spec whose generator is the decoder of an autoencoder: planned before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hitzoo.errors import Problem
from hitzoo.families.family import Frame, Outline
from hitzoo.families.registry import family_of
from hitzoo.plan.network import NetworkPlan
from hitzoo.plan.ports import Codes, Image
from hitzoo.plan.role import Role
from hitzoo.spec.types import Spec

_WANTED = "an autoencoder has both: encoder, and quantizer"


@dataclass(frozen=True)
class Coding:
    """The networks before the decoder, as far as they fit, the codes that it takes, and what does not fit."""

    networks: dict[Role, NetworkPlan] = field(default_factory=dict)
    codes: Codes | None = None
    problems: list[Problem] = field(default_factory=list)


def plan_coding(spec: Spec, frame: Frame, outline: Outline | None) -> Coding:
    """Plan the encoder for images of the generator's outline, and the quantizer for its map; neither without sections.

    `outline` is None where the generator's family says nothing of its images before it is planned: no codes come to it.
    """
    sections: dict[Role, Any] = {"encoder": spec.encoder, "quantizer": spec.quantizer}
    missing: list[Role] = [role for role, section in sections.items() if section is None]
    if len(missing) == len(sections):
        return Coding()
    if missing:
        given = next(role for role in sections if role not in missing)
        return Coding(problems=[spec.places.problem((given,), f"{given} without {missing[0]}", _WANTED)])
    if outline is None:
        return Coding(problems=[_takes_none(spec)])
    frame = replace(frame, side=outline.side, decided_by=outline.decided_by, change=outline.change)
    found = Coding()
    for role, section in sections.items():
        planned = family_of(role, section.family).plan(section, replace(frame, codes=found.codes), spec.places)
        if isinstance(planned, list):
            return replace(found, codes=None, problems=planned)
        takes = found.codes or Image(frame.side, frame.channels)
        if planned.takes != (takes,) or not isinstance(planned.gives, Codes):
            said = f"the family {planned.family} takes {planned.takes} and gives {planned.gives}; asked for: {takes}"
            return replace(found, codes=None, problems=[spec.places.problem((role, "family"), said)])
        found = Coding({**found.networks, role: planned}, planned.gives)
    return found


def _takes_none(spec: Spec) -> Problem:
    message = f"the family {spec.generator.family} takes no codes"
    return spec.places.problem(
        ("generator", "family"), message, "leave encoder and quantizer out", beside=[("encoder",)]
    )
