"""Networks whose ports do not meet: mistakes of a family, told at the section that names it."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.family import Frame, Outline
from hitzoo.plan.network import NetworkPlan
from hitzoo.plan.ports import Codes, Drawn, Image, Logits, Port
from hitzoo.spec.types import Spec


def generator_port_problems(plan: NetworkPlan, frame: Frame, outline: Outline | None, spec: Spec) -> list[Problem]:
    """Inputs that neither a seed draws nor a quantizer gives, and images that are not those of the data."""
    return [*_inputs(plan, frame, spec), *_images(plan, frame, outline, spec)]


def discriminator_port_problems(plan: NetworkPlan, generator: NetworkPlan, spec: Spec) -> list[Problem]:
    """A discriminator that judges anything but the generator's images, or answers with anything but logits."""
    if plan.takes == (generator.gives,) and isinstance(plan.gives, Logits):
        return []
    message = (
        f"the family {plan.family} takes {_words(*plan.takes)} and gives {_words(plan.gives)};"
        f" asked for: {_words(generator.gives)} and Logits"
    )
    return [spec.places.problem(("discriminator", "family"), message)]


def _inputs(plan: NetworkPlan, frame: Frame, spec: Spec) -> list[Problem]:
    place = ("generator", "family")
    if frame.codes is not None:
        wanted = Codes(frame.codes.side, frame.codes.width)
        if plan.takes == (wanted,):
            return []
        message = f"the family {plan.family} takes {_words(*plan.takes)}; asked for: {_words(wanted)}"
        return [spec.places.problem(place, message, "leave encoder and quantizer out", beside=[("encoder",)])]
    strange = [port for port in plan.takes if not isinstance(port, Drawn)]
    if not strange:
        return []
    return [spec.places.problem(place, f"the family {plan.family} takes {_words(*strange)}, which no seed draws")]


def _images(plan: NetworkPlan, frame: Frame, outline: Outline | None, spec: Spec) -> list[Problem]:
    given = plan.gives
    if outline is None or given != Image(outline.side, frame.channels):
        message = f"the family {plan.family} gives {_words(given)}; asked for: images of {frame.channels} channels"
        return [spec.places.problem(("generator", "family"), message)]
    if frame.wanted in (None, given.side):
        return []
    assert isinstance(given, Image)
    message = f"the generator's images have a side of {given.side}, not the wanted {frame.wanted}"
    ways = [f"change {outline.change}"]
    if frame.sides.take(given.side):
        ways.append(f"set data.resolution: {given.side}")
    beside = outline.decided_by
    return [spec.places.problem(("data", "resolution"), message, ", or ".join(ways), beside=beside)]


def _words(*ports: Port) -> str:
    return ", ".join(map(str, ports)) or "nothing"
