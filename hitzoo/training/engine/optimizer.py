"""The optimizer a spec names, and the state that an optimizer keeps."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature

import torch
from torch import nn

from hitzoo.spec.types import AdamSpec
from hitzoo.training.engine.adam_numbers import AdamNumbers
from hitzoo.training.engine.keras_adam import KerasAdam

_EPSILON = {"keras": 1e-7, "torch": 1e-8}


def build_optimizer(
    spec: AdamSpec, parameters: Iterable[nn.Parameter], numbers: AdamNumbers | None = None
) -> torch.optim.Optimizer:
    """Make Adam in the form the spec asks for, over the parameters of one network.

    It begins with the spec's learning rate and betas, or with others.
    """
    epsilon = _EPSILON[spec.form] if spec.epsilon is None else spec.epsilon
    rate, betas = (numbers or AdamNumbers.of_both(spec)).at(0)
    if spec.form == "keras":
        return KerasAdam(parameters, lr=rate, betas=betas, eps=epsilon)
    return torch.optim.Adam(parameters, lr=rate, betas=betas, eps=epsilon, foreach=True)


def kept_per_weight(optimizer: torch.optim.Optimizer) -> dict[str, bool]:
    """Return the quantities that an optimizer keeps per weight, and True for those that have the weight's shape.

    They are found by one update of a weight of its own, so that no optimizer need be known here.
    """
    known = signature(type(optimizer)).parameters
    options = {name: value for name, value in optimizer.param_groups[0].items() if name in known and name != "params"}
    weight = nn.Parameter(torch.zeros(2, 3))
    weight.grad = torch.zeros_like(weight)
    probe = type(optimizer)([weight], **options)
    probe.step()
    return {name: value.shape == weight.shape for name, value in probe.state[weight].items()}
