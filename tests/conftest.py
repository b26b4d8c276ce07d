"""The tiny spec that the whole suite shares: 8 -> 32 pixels, a train step in a fraction of a second."""

from __future__ import annotations

import pytest

from hitzoo.plan.compile import ModelPlan, compile_spec
from hitzoo.spec.load import parse_spec
from hitzoo.spec.types import Spec

TINY = """\
hitzoo: 1
name: tiny
generator:
  family: hit
  latent_dim: 8
  stages:
    - {channels: 32, depth: 1, heads: 2}                    #  8
    - {channels: 16, depth: 1, heads: 2}                    # 16
    - {channels: 8, depth: 1, heads: 2, attention: none}    # 32
discriminator: {family: stylegan2, channels: [4, 8, 8, 16]}
training:
  regularizers:
    - {kind: r1, weight: 1.0}
    - {kind: bcr}
  batch_size: 4
  steps: 4
data: {source: synthetic, resolution: 32}
"""


@pytest.fixture
def tiny_text() -> str:
    return TINY


@pytest.fixture
def tiny_spec(tiny_text: str) -> Spec:
    return parse_spec(tiny_text, "tiny.yaml")


@pytest.fixture
def tiny_plan(tiny_spec: Spec) -> ModelPlan:
    return compile_spec(tiny_spec)
