"""Norms of gradients: each weight's, by which a step is seen to be finite, and whole networks', for the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn

from hitzoo.objectives.losses import Losses
from hitzoo.plan.role import Role


def gradient_norms(network: nn.Module, device: torch.device) -> torch.Tensor:
    """Return the norm of each weight's gradient, one 0 without any: finite only if all entries and squares are."""
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    return torch.stack(torch._foreach_norm(gradients)) if gradients else torch.zeros(1, device=device)


def with_gradient_norms(losses: Losses, norms: Mapping[Role, Sequence[torch.Tensor]]) -> Losses:
    """Add the norms of whole networks' gradients to the measures, each the mean over the updates that moved it."""
    found = {f"gradient_norm/{role}": torch.stack([*values]).mean() for role, values in norms.items()}
    return replace(losses, measures={**losses.measures, **found})
