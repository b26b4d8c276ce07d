"""Activation checkpointing of the parts of a network that a spec names."""

from __future__ import annotations

from typing import Any

from torch import nn

from hitzoo.plan.network import NetworkPlan
from hitzoo.spec.types import TrainingSpec


def use_activation_checkpointing(network: nn.Module, plan: NetworkPlan, training: TrainingSpec) -> None:
    """Mark the parts of a network, as its plan names them, at the resolutions that `training` names."""
    wanted = training.activation_checkpointing
    for path, resolution in plan.parts:
        part: Any = network.get_submodule(path)
        part.recomputed = wanted == "all" or (wanted != "none" and resolution in wanted)
