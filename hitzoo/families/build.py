"""Plan to module: look up and construct."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from hitzoo.families.compile import ModelPlan
from hitzoo.families.convnet.model import ConvnetGenerator
from hitzoo.families.hit.model import HiTGenerator
from hitzoo.families.stylegan2.model import Stylegan2Discriminator

GENERATORS: dict[str, Callable[..., nn.Module]] = {"hit": HiTGenerator, "convnet": ConvnetGenerator}
DISCRIMINATORS: dict[str, Callable[..., nn.Module]] = {"stylegan2": Stylegan2Discriminator}


def build_generator(plan: ModelPlan) -> nn.Module:
    """The generator of a plan, freshly initialised on the current default device, in training mode.

    Kernels of convolutions, here and in the discriminator, lie channels-last in memory, as the maps do.
    """
    network = GENERATORS[plan.generator.family](plan.generator)
    return network.to(memory_format=torch.channels_last)


def build_discriminator(plan: ModelPlan) -> nn.Module:
    """The discriminator of a plan, likewise."""
    network = DISCRIMINATORS[plan.discriminator.family](plan.discriminator)
    return network.to(memory_format=torch.channels_last)


def build(plan: ModelPlan) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator of a plan.

    Under `torch.device("meta")` no weight takes memory, which is enough for shapes, counts and tables.
    """
    return build_generator(plan), build_discriminator(plan)
