"""Variables of the published generator, filled by the recipe of the golden vectors, and a tiny network like it."""

from __future__ import annotations

import zlib

import numpy as np
import torch

from hitzoo.families.build import build_generator
from hitzoo.families.cips.model import CipsGenerator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from hitzoo.layers import build_block

TINY = """hitzoo: 1
name: tiny-cips
generator:
  family: cips
  latent_dim: 6
  style_dim: 5
  mapping_layers: 2
  resolution: 8
  fourier_features: 4
  embedding: 3
  channels: [7, 4]
discriminator: {family: stylegan2, channels: [4, 4]}
training: {batch_size: 4, steps: 2, ema: {start_step: 0}}
data: {source: synthetic}
"""


def tiny(*overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(TINY, "tiny-cips", overrides))


def variables(plan: ModelPlan) -> list[Variable]:
    return list(family_of("generator", "cips").official["cips"](plan.generator))


def fill(name: str, shape: tuple[int, ...], *, noise: bool = False, salt: int = 0) -> np.ndarray:
    """A variable by the recipe: mean and deviation follow from what it is."""
    mean, deviation = 0.0, 1.0
    if name.startswith("style."):
        deviation = 100.0 if name.endswith("weight") else 10.0
    elif name.startswith("lff."):
        deviation = 2.0
    elif name.endswith("noise.weight"):
        mean, deviation = (0.3, 0.1) if noise else (0.0, 0.0)
    elif name.endswith("modulation.weight"):
        deviation = 0.5
    elif name.endswith("modulation.bias"):
        mean, deviation = 1.0, 0.1
    elif name.endswith("bias"):
        deviation = 0.1
    elif name.startswith("to_rgbs."):
        deviation = 0.4
    drawn = np.random.default_rng([zlib.crc32(name.encode()), salt]).standard_normal(shape).astype(np.float32)
    return np.float32(mean) + np.float32(deviation) * drawn


def published(plan: ModelPlan, *, noise: bool = False, salt: int = 0) -> dict[str, torch.Tensor]:
    """The state of the published generator."""
    return {
        one.theirs: torch.from_numpy(fill(one.theirs, one.shape, noise=noise, salt=salt)) for one in variables(plan)
    }


def filled(plan: ModelPlan, *, noise: bool = False) -> CipsGenerator:
    """The generator with those weights, in evaluation."""
    state = published(plan, noise=noise)
    with torch.device("meta"):
        network = build_generator(plan)
    assert isinstance(network, CipsGenerator)
    own = {one.ours: torch.from_numpy(one.to_ours(state[one.theirs].numpy())) for one in variables(plan)}
    network.mapping = build_block(plan.generator.mapping)  # with the numbers that no file has
    network.load_state_dict(own | {"mapping.mean": torch.zeros(plan.generator.style_dim)}, assign=True)
    return network.eval()


def latents(plan: ModelPlan, count: int = 2) -> torch.Tensor:
    """The golden latents, without the key of any noise."""
    z = np.random.default_rng([0, 100]).standard_normal((count, plan.latent_dim)).astype(np.float32)
    return torch.from_numpy(z)


def without_noise(plan: ModelPlan, z: torch.Tensor) -> torch.Tensor:
    return torch.cat((z, z.new_zeros(len(z), plan.input_width - plan.latent_dim)), dim=1)
