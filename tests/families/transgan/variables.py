"""Variables of the published networks, filled by the recipe of the golden vectors, and tiny networks like them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from hitzoo.families.build import build_network
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from hitzoo.plan.role import Role

GOLDEN = Path(__file__).with_name("golden")


@cache
def published_shapes(config: str, role: Role) -> Mapping[str, tuple[int, ...]]:
    keys = json.loads((GOLDEN / "keys.json").read_text(encoding="utf-8"))
    return {name: tuple(shape) for name, shape in keys[config][role].items()}


def fill(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    drawn = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    value = np.float32(drawn) * np.float32(0.05)
    if len(shape) == 1 and name.endswith("weight"):
        value = 1 + value
    return torch.from_numpy(np.asarray(value, np.float32))


def variables(plan: ModelPlan, role: Role) -> list[Variable]:
    own = plan.networks[role]
    return list(family_of(role, own.family).official["transgan"](own))


def filled(
    plan: ModelPlan, role: Role, dtype: torch.dtype = torch.float32
) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """A network in evaluation, and its variables by their published names."""
    weights = {one.theirs: fill(one.theirs, one.shape).to(dtype) for one in variables(plan, role)}
    with torch.device("meta"):
        network = build_network(plan, role)
    own = {one.ours: weights[one.theirs].reshape(one.our_shape) for one in variables(plan, role)}
    network.load_state_dict(own, assign=True)
    return network.eval(), weights


def latents(plan: ModelPlan, count: int = 2) -> torch.Tensor:
    """The golden latents, without the key of any noise."""
    return torch.from_numpy(np.random.default_rng(0).standard_normal((count, plan.latent_dim)).astype(np.float32))


def images(plan: ModelPlan, count: int = 2) -> torch.Tensor:
    side = plan.resolution
    return torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (count, 3, side, side)).astype(np.float32))


def without_noise(plan: ModelPlan, z: torch.Tensor) -> torch.Tensor:
    return torch.cat((z, z.new_zeros(len(z), plan.input_width - plan.latent_dim)), dim=1)


def tiny(config: str, *overrides: str) -> ModelPlan:
    """The plan of a small network whose parts are those of a published configuration."""
    return compile_spec(parse_spec(TINY[config], config, overrides))


_HEAD = "hitzoo: 1\nname: tiny\n"
TINY: dict[str, Any] = {
    "cifar10": _HEAD
    + """generator:
  family: transgan
  latent_dim: 6
  initial_size: 2
  stages: [{channels: 64, depth: 2}, {channels: 16, depth: 1}, {channels: 4, depth: 1}]
discriminator:
  family: transgan
  noise: true
  stages: [{channels: 12, depth: 2}, {channels: 16, depth: 1}]
""",
    "stl10": _HEAD
    + """generator:
  family: transgan
  latent_dim: 6
  initial_size: 3
  norm: pixel
  stages: [{channels: 64, depth: 1}, {channels: 16, depth: 2}, {channels: 4, depth: 1}]
discriminator:
  family: transgan
  norm: pixel
  noise: true
  stages: [{channels: 12, depth: 1}, {channels: 16, depth: 2}]
""",
    "church256": _HEAD
    + """generator:
  family: transgan
  latent_dim: 6
  initial_size: 2
  norm: pixel
  noise: true
  stages:
    - {channels: 256, depth: 2}
    - {channels: 256, depth: 1, upsample: bicubic}
    - {channels: 256, depth: 1, upsample: bicubic}
    - {channels: 64, depth: 1, attention: regional, block_size: 4}
    - {channels: 16, depth: 2, attention: regional, block_size: 4}
    - {channels: 4, depth: 1, attention: regional, block_size: 4}
discriminator:
  family: transgan
  patch_size: 4
  stages:
    - {channels: 8, depth: 2, attention: regional, block_size: 4, global_depth: 1}
    - {channels: 12, depth: 1}
    - {channels: 16, depth: 2}
""",
    "celebahq256": _HEAD
    + """generator:
  family: transgan
  latent_dim: 6
  initial_size: 2
  norm: pixel
  noise: true
  latent_tokens: 3
  stages:
    - {channels: 256, depth: 0}
    - {channels: 256, depth: 1, upsample: bicubic}
    - {channels: 256, depth: 1, upsample: bicubic}
    - {channels: 64, depth: 1, attention: regional, block_size: 4, smooth: true}
    - {channels: 16, depth: 2, attention: regional, block_size: 4, smooth: true}
    - {channels: 4, depth: 1, attention: regional, block_size: 4}
discriminator:
  family: transgan
  relative_position: false
  stages:
    - {channels: 4, depth: 2, kernel: 4, attention: regional, block_size: 2}
    - {channels: 8, depth: 1, attention: regional, block_size: 2, global_depth: 1}
    - {channels: 16, depth: 2}
""",
}
