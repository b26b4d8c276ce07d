"""The gradient of the discriminator's logits by its images, differentiable once more by its weights.

B images, C channels, R pixels per side. Three implementations of the same numbers; the third is
`r1_without_double_backward.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import nn

from hitzoo.layers.double_backward import by_inputs_alone, twice_differentiable
from hitzoo.layers.in_float32 import at_least_float32

LogitsAndGradient: TypeAlias = tuple[torch.Tensor, torch.Tensor]
InputGradient: TypeAlias = Callable[[nn.Module, torch.Tensor], LogitsAndGradient]
"""(discriminator, images [B, C, R, R]) -> logits D(x) [B] and ∇_x D(x) [B, C, R, R].

With several logits per image, [B, K], the gradient is that of their sum.
Both are differentiable by the weights, and by the images where these want a gradient.
"""


def by_autograd(discriminator: nn.Module, images: torch.Tensor) -> LogitsAndGradient:
    """Take the gradient by a backward pass that is itself recorded (double backward); for every discriminator."""
    if not images.requires_grad:
        images = images.detach().requires_grad_()
    with twice_differentiable():
        logits = at_least_float32(discriminator(images))
        with by_inputs_alone():
            (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return logits, gradient


def by_func(discriminator: nn.Module, images: torch.Tensor) -> LogitsAndGradient:
    """Take the gradient with `torch.func`, which the compiler can trace: it sees one forward graph and one backward.

    torch.compile refuses, or in some versions silently drops, the double backward of `by_autograd`.
    """

    def logits_of(images: torch.Tensor) -> torch.Tensor:
        return at_least_float32(discriminator(images))

    pulled: tuple[torch.Tensor, Callable[[torch.Tensor], tuple[torch.Tensor]]]
    with twice_differentiable():
        pulled = torch.func.vjp(logits_of, images)  # type: ignore[assignment]
        logits, pull_back = pulled
        with by_inputs_alone():
            (gradient,) = pull_back(torch.ones_like(logits))
    return logits, gradient


def squares(gradient: torch.Tensor) -> torch.Tensor:
    """Return the squared norm of each image's gradient: [B, C, R, R] -> [B]."""
    return at_least_float32(gradient).square().sum(dim=(1, 2, 3))
