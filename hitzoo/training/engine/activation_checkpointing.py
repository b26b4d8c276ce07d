"""Activation checkpointing of the parts of a network that a spec names."""

from __future__ import annotations

from typing import Any

from torch import nn

from hitzoo.spec.types import TrainingSpec


def use_activation_checkpointing(network: nn.Module, training: TrainingSpec) -> None:
    """Mark the stages of a generator or the blocks of a discriminator at the resolutions that `training` names."""
    wanted = training.activation_checkpointing
    parts: dict[int, Any] = network.parts()  # type: ignore[operator]
    for resolution, part in parts.items():
        part.recomputed = wanted == "all" or (wanted != "none" and resolution in wanted)
