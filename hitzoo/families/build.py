"""Plan to module: each network by its family."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.registry import family_of
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.spec.types import Spec


def build_network(plan: ModelPlan, role: Role) -> nn.Module:
    """One network of a plan, freshly initialised on the current default device, in training mode.

    Kernels of convolutions lie channels-last in memory, as the maps do.
    """
    own = plan.networks[role]
    network = family_of(role, own.family).build(own)
    return network.to(memory_format=torch.channels_last)


def build_generator(plan: ModelPlan) -> nn.Module:
    """The generator of a plan."""
    return build_network(plan, "generator")


def allocate_generator(plan: ModelPlan, meta: nn.Module) -> nn.Module:
    """Give the generator of a plan, built on the meta device, memory on the CPU, for weights to be read into.

    Buffers that no file holds, as tables of coordinates, have their values.
    """
    stored = meta.state_dict().keys()
    if all(name in stored for name, _ in meta.named_buffers()):
        return meta.to_empty(device="cpu")
    return build_generator(plan)


def build_discriminator(plan: ModelPlan) -> nn.Module:
    """The discriminator of a plan."""
    return build_network(plan, "discriminator")


def build(plan: ModelPlan) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator of a plan.

    Under `torch.device("meta")` no weight takes memory, which is enough for shapes, counts and tables.

    Raises:
        RequestError: no plan, as where a spec or a name is given.
    """
    if not isinstance(plan, ModelPlan):
        given = f"the Spec '{plan.name}'" if isinstance(plan, Spec) else repr(plan)
        raise RequestError(f"build takes a plan, not {given}; write build(compile_spec(load_spec(…)))")
    return build_generator(plan), build_discriminator(plan)
