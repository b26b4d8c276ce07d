"""A tiny StyleGAN2 pair, and the deviations of the golden recipe for its published variables."""

from __future__ import annotations

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from hitzoo.plan.role import Role
from tests.families.golden_recipe import Scales

TINY = """hitzoo: 1
name: tiny-stylegan2
generator: {family: stylegan2, latent_dim: 6, style_dim: 5, mapping_layers: 2, channels: [7, 4, 3]}
discriminator: {family: stylegan2_original, channels: [3, 4, 5], minibatch_std: 2}
training: {batch_size: 4, steps: 2, ema: {start_step: 0}}
data: {source: synthetic}
"""

GENERATOR: Scales = {
    ".modulation.weight": (0.0, 0.5),
    ".modulation.bias": (1.0, 0.1),
    ".noise.weight": (0.3, 0.1),
    **{f"style.{index}.weight": (0.0, 100.0) for index in range(1, 9)},
    **{f"style.{index}.bias": (0.0, 10.0) for index in range(1, 9)},
    **{f"to_rgb{which}.conv.weight": (0.0, 0.4) for which in ("1", *(f"s.{index}" for index in range(8)))},
    "bias": (0.0, 0.1),
    "": (0.0, 1.0),
}
DISCRIMINATOR: Scales = {"bias": (0.0, 0.1), "": (0.0, 1.0)}


def tiny(*overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(TINY, "tiny-stylegan2", overrides))


def variables(plan: ModelPlan, role: Role = "generator", code: str = "stylegan2") -> list[Variable]:
    own = plan.networks[role]
    return list(family_of(role, own.family).official[code](own))
