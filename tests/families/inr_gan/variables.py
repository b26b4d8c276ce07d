"""Variables of the published generator, filled by the recipe of the golden vectors, and a tiny network like it."""

from __future__ import annotations

import numpy as np
import torch

from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.inr_gan.model import InrGanGenerator
from hitzoo.families.load import parse_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from tests.families import golden_recipe

TINY = """hitzoo: 1
name: tiny-inr-gan
generator:
  family: inr_gan
  latent_dim: 6
  style_dim: 5
  rank: 3
  initial_size: 4
  stages:
    - {channels: 7, depth: 1, waves: 4, embedding: 3}
    - {channels: 6}
    - {channels: 5, depth: 3, upsample: true, waves: 2, random_waves: 4, embedding: 2}
    - {channels: 4, upsample: true}
discriminator: {family: stylegan2, channels: [4, 4, 4]}
training: {batch_size: 4, steps: 2, ema: {start_step: 0}}
data: {source: synthetic}
"""

SCALES: golden_recipe.Scales = {
    "mapping.w_avg": (0.0, 0.3),
    "fc0.weight": (0.0, 100.0),
    "fc1.weight": (0.0, 100.0),
    "fc0.bias": (0.0, 10.0),
    "fc1.bias": (0.0, 10.0),
    "random_basis": (0.0, 3.1622777),
    "const_embs": (0.0, 1.0),
    "torgb.affine.weight": (0.0, 0.5),
    "torgb.affine.bias": (1.0, 0.1),
    "torgb.weight": (0.0, 0.4),
    "affine.weight": (0.0, 0.4),
    "affine.bias": (0.0, 0.3),
    "bias": (0.0, 0.1),
    "weight": (0.0, 1.0),
}


def tiny(*overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(TINY, "tiny-inr-gan", overrides))


def variables(plan: ModelPlan) -> list[Variable]:
    return list(family_of("generator", "inr_gan").official["inr-gan"](plan.generator))


def published(plan: ModelPlan) -> dict[str, torch.Tensor]:
    """The state of the published generator, with buffers of its sizes that nobody should read."""
    mean = {"mapping.w_avg": golden_recipe.fill("mapping.w_avg", (plan.generator.style_dim,), SCALES)}
    return golden_recipe.published(variables(plan), SCALES) | mean


def filled(plan: ModelPlan) -> InrGanGenerator:
    """The generator with those weights, in evaluation."""
    network = build_generator(plan)
    assert isinstance(network, InrGanGenerator)
    golden_recipe.filled(network, variables(plan), SCALES)
    network.mapping.mean.copy_(published(plan)["mapping.w_avg"])
    return network


def latents(plan: ModelPlan, count: int = 2) -> torch.Tensor:
    """The golden latents."""
    z = np.random.default_rng([0, 100]).standard_normal((count, plan.latent_dim)).astype(np.float32)
    return torch.from_numpy(z)
