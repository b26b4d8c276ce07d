"""The weights that training begins with."""

from __future__ import annotations

from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.build import build_network
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.runtime.seeding import Purpose, drawing_weights

_PURPOSES: dict[Role, Purpose] = {
    "generator": Purpose.GENERATOR_WEIGHTS,
    "discriminator": Purpose.DISCRIMINATOR_WEIGHTS,
    "encoder": Purpose.ENCODER_WEIGHTS,
    "quantizer": Purpose.QUANTIZER_WEIGHTS,
}


def initial_generator(plan: ModelPlan, seed: int) -> nn.Module:
    """Build a plan's generator as `initial_network` does."""
    return initial_network(plan, "generator", seed)


def initial_network(plan: ModelPlan, role: Role, seed: int) -> nn.Module:
    """Build one network of a plan on the CPU with weights drawn from `seed`.

    Raises:
        RequestError: a seed below 0.
    """
    if seed < 0:
        raise RequestError(f"seed {seed} is not possible; seeds begin at 0")
    with drawing_weights(seed, _PURPOSES[role]):
        return build_network(plan, role)
