"""What a section says of the images is what its plan says, wherever there is one."""

from __future__ import annotations

import pytest

from hitzoo.families.compile import compile_spec
from hitzoo.families.family import Frame
from hitzoo.families.load import load_spec
from hitzoo.families.registry import family_of
from hitzoo.spec.shipped import shipped_specs


@pytest.mark.parametrize("name", shipped_specs())
def test_outline_agrees_with_the_plan(name: str) -> None:
    spec = load_spec(name)
    plan = compile_spec(spec)
    family = family_of("generator", plan.generator.family)
    assert family.outline is not None
    outline = family.outline(spec.generator)
    assert outline.side == plan.resolution
    assert outline.resolutions == tuple(side for _, side in plan.generator.parts)
    assert outline.normed == plan.generator.normed


def test_last_ended_section_is_the_section_itself() -> None:
    for name in ("hit-b-ffhq256", "convnet-r1-imagenet128"):
        spec = load_spec(name)
        family = family_of("generator", compile_spec(spec).generator.family)
        assert family.ended is not None
        *_, whole = family.ended(spec.generator)
        frame = Frame(wanted=None, channels=3, batch_size=8)
        assert family.plan(whole, frame, spec.places) == family.plan(spec.generator, frame, spec.places)
