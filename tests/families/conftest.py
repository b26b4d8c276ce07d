from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from torch import nn

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from tests.plan.conftest import layout
from tests.support import fill, one_thread

__all__ = ["layout"]

# 4, 8, 16, 32 pixels; a step without a linear layer (16 → 4), with a wider one (4 → 1 → 12) and a narrower (12 → 3 → 8)
TINY = """
hitzoo: 1
name: tiny
generator:
  family: hit
  latent_dim: 6
  initial_size: 4
  latent_tokens: 3
  norm: batch
  mlp_expansion: 2
  stages:
    - {channels: 16, heads: 4, depth: 2, attention: multi_axis, block_size: 2}
    - {channels: 4,  heads: 2, depth: 1, attention: multi_axis, block_size: 4}
    - {channels: 12, heads: 3, depth: 1, attention: none}
    - {channels: 8,  heads: 2, depth: 2, attention: none}
discriminator: {family: stylegan2, channels: [4, 6, 8, 10]}
training: {batch_size: 4}
"""


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def tiny_plan() -> Callable[..., ModelPlan]:
    return lambda *overrides: compile_spec(parse_spec(TINY, "tiny", overrides))


@pytest.fixture
def filled() -> Callable[[nn.Module], nn.Module]:
    """A module in float64 whose every weight is large enough to matter, whatever its initialisation."""

    return lambda module: fill(module.double(), scale=0.3)
