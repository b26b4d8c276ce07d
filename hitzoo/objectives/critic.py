"""All that a step wants of the discriminator, as one module: what runs on several devices and what is compiled.

B images a batch, C channels, R pixels a side.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.input_gradient import InputGradient, by_autograd


class Verdict(NamedTuple):
    """What the discriminator says of one batch, in float32 and an entry an image; None where it was not asked.

    `augmented_logits` [2B] are those of the augmented real, then the augmented fake images;
    `squared_gradients` [B] are ‖∇_x D(x)‖² of the real ones.
    """

    real_logits: torch.Tensor
    fake_logits: torch.Tensor
    augmented_logits: torch.Tensor | None = None
    squared_gradients: torch.Tensor | None = None


class Judge(nn.Module):
    """The discriminator with its `input_gradient`: images in, numbers an image out, differentiable by the weights."""

    def __init__(self, discriminator: nn.Module, input_gradient: InputGradient = by_autograd) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.input_gradient = input_gradient

    def forward(
        self, real: torch.Tensor, fake: torch.Tensor, augmented: torch.Tensor | None, penalised: bool
    ) -> Verdict:
        """Judge real and fake images [B, C, R, R] and, where given, augmented ones [2B, C, R, R].

        With `penalised` the squared gradients are there too.
        """
        fake_logits = at_least_float32(self.discriminator(fake))
        squares: torch.Tensor | None = None
        if penalised:
            real_logits, squares = self.input_gradient(self.discriminator, real)
        else:
            real_logits = at_least_float32(self.discriminator(real))
        augmented_logits = None if augmented is None else at_least_float32(self.discriminator(augmented))
        return Verdict(real_logits, fake_logits, augmented_logits, squares)
