"""The optimizer a spec names."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from hitzoo.spec.types import AdamSpec
from hitzoo.training.engine.keras_adam import KerasAdam

_EPSILON = {"keras": 1e-7, "torch": 1e-8}


def build_optimizer(spec: AdamSpec, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Adam in the form the spec asks for, over the parameters of one network."""
    epsilon = _EPSILON[spec.form] if spec.epsilon is None else spec.epsilon
    if spec.form == "keras":
        return KerasAdam(parameters, lr=spec.learning_rate, betas=spec.betas, eps=epsilon)
    return torch.optim.Adam(parameters, lr=spec.learning_rate, betas=spec.betas, eps=epsilon, foreach=True)
