"""Logits and squared norms of their gradients, by an implementation of the gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from hitzoo.objectives.input_gradient import InputGradient, squares


def squared(way: InputGradient) -> Callable[[nn.Module, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """Return (discriminator, images) -> D(x) [B] and ‖∇D(x)‖² [B]."""

    def both(discriminator: nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, gradient = way(discriminator, images)
        return logits, squares(gradient)

    return both
