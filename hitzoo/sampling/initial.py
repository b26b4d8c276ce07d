"""The weights that training begins with."""

from __future__ import annotations

from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.build import build_generator
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.seeding import Purpose, drawing_weights


def initial_generator(plan: ModelPlan, seed: int) -> nn.Module:
    """Build a plan's generator on the CPU with weights drawn from `seed`.

    Raises:
        RequestError: a seed below 0.
    """
    if seed < 0:
        raise RequestError(f"seed {seed} is not possible; seeds begin at 0")
    with drawing_weights(seed, Purpose.GENERATOR_WEIGHTS):
        return build_generator(plan)
