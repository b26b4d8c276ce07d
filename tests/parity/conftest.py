from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.zoo.convert import from_hit_gan
from tests.parity.variables import filled

SPECS = {128: "hit-imagenet128", 256: "hit-b-ffhq256", 1024: "hit-b-ffhq1024"}


@pytest.fixture(scope="package")
def official() -> Callable[[int], tuple[nn.Module, nn.Module]]:
    """Both networks of a resolution with the golden weights, by way of the converter."""

    def make(resolution: int) -> tuple[nn.Module, nn.Module]:
        plan = compile_spec(load_spec(SPECS[resolution]))
        converted = from_hit_gan(filled(resolution), plan, with_discriminator=True)
        generator, discriminator = build_generator(plan), build_discriminator(plan)
        generator.load_state_dict(converted.generator)
        assert converted.discriminator is not None
        discriminator.load_state_dict(converted.discriminator)
        return generator, discriminator

    return make
