from __future__ import annotations

import pytest
import torch

from hitzoo.families.build import build
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.build import objective_of
from tests.training.conftest import _one_thread, pictures, tiny_spec, two_processes

__all__ = ["_one_thread", "pictures", "tiny_spec", "two_processes"]


@pytest.fixture
def networks(tiny_spec):
    """Generator and discriminator in float64, with weights that matter, and what they are trained by."""

    def make(*overrides: str):
        spec = tiny_spec(*overrides)
        torch.manual_seed(0)
        generator, discriminator = (network.double() for network in build(compile_spec(spec)))
        with torch.no_grad():
            for weight in generator.parameters():
                weight.copy_(0.4 * torch.randn_like(weight))
        return generator, discriminator, objective_of(spec)

    return make
