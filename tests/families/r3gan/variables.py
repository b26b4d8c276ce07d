"""A tiny R3GAN pair, and the deviations of the golden recipe for its published variables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist

import torch

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.official import Variable
from hitzoo.families.registry import family_of
from hitzoo.plan.role import Role
from tests.families.golden_recipe import Scales

TINY = """hitzoo: 1
name: tiny-r3gan
generator: {family: r3gan, latent_dim: 6, channels: [8, 8, 4], group_width: 4, classes: 3, class_dim: 5}
discriminator: {family: r3gan, channels: [4, 8, 8], group_width: 4, classes: 3}
training: {batch_size: 4, steps: 2, ema: {start_step: 0}}
data: {source: synthetic}
"""


def tiny(*overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(TINY, "tiny-r3gan", overrides))


def variables(plan: ModelPlan, role: Role = "generator") -> list[Variable]:
    own = plan.networks[role]
    return list(family_of(role, own.family).official["r3gan"](own))


def scales(variables: Iterable[Variable]) -> Scales:
    """Gain over √fan_in; every name is there, since the fan-in is its own."""
    return {one.theirs: (0.0, _deviation(one)) for one in variables if one.ours}


def _deviation(one: Variable) -> float:
    if one.theirs.endswith("Bias"):
        return 0.1
    if one.theirs.endswith("Layers.0.Basis"):
        return 1.0
    gains = {"LinearLayer1.Layer": 1.3, "LinearLayer2.Layer": 1.3, "LinearLayer3.Layer": 0.5}
    gain = next((value for part, value in gains.items() if part in one.theirs), 1.0)
    if "AggregationLayer" in one.theirs:
        gain = 1.0
    return gain / math.sqrt(math.prod(one.shape[1:]))


def rows(z: torch.Tensor, labels: torch.Tensor, count: int) -> torch.Tensor:
    """Rows with the middle of each class's share of the normal distribution."""
    middle = [NormalDist().inv_cdf((int(label) + 0.5) / count) for label in labels]
    return torch.cat((z, torch.tensor(middle, dtype=z.dtype)[:, None]), dim=1)
