"""One training step as mathematics: tensors in, losses out; no files, devices, ranks or logs.

Source: the official HiT code's step: generator and discriminator are both updated from one forward
pass, with the gradients of both taken before either moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.training.adversarial import AdversarialLoss
from hitzoo.training.penalties import Judgement, Regularizer


@dataclass(frozen=True)
class Objective:
    """What is optimised: an adversarial loss and the discriminator's regularizers."""

    loss: AdversarialLoss
    regularizers: Sequence[Regularizer]


@dataclass(frozen=True, kw_only=True)
class StepLosses:
    """The numbers of one step, detached, on the device. `discriminator` is the adversarial part alone."""

    generator: torch.Tensor
    discriminator: torch.Tensor
    penalties: dict[str, torch.Tensor]
    real_logits: torch.Tensor
    fake_logits: torch.Tensor


def compute_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    objective: Objective,
    z: torch.Tensor,
    real: torch.Tensor,
    random: torch.Generator,
) -> StepLosses:
    """Put the step's gradients into `.grad` of both networks' parameters.

    Args:
        z: latents [B, latent_dim].
        real: images [B, C, R, R] in [-1, 1].
        random: for the regularizers' draws.
    """
    fake = generator(z)
    real = real.detach().requires_grad_()
    fake_logits, real_logits = discriminator(fake), discriminator(real)
    judgement = Judgement(
        discriminator=discriminator, real=real, fake=fake, real_logits=real_logits, fake_logits=fake_logits
    )
    penalties = {regularizer.name: regularizer(judgement, random) for regularizer in objective.regularizers}
    generator_loss = objective.loss.generator(fake_logits)
    adversarial = objective.loss.discriminator(real_logits, fake_logits)
    _set_gradients(generator, generator_loss, keep_graph=True)
    _set_gradients(discriminator, adversarial + sum(penalties.values()), keep_graph=False)
    return StepLosses(
        generator=generator_loss.detach(),
        discriminator=adversarial.detach(),
        penalties={name: penalty.detach() for name, penalty in penalties.items()},
        real_logits=real_logits.detach(),
        fake_logits=fake_logits.detach(),
    )


def _set_gradients(network: nn.Module, loss: torch.Tensor, *, keep_graph: bool) -> None:
    """Differentiate by this network's parameters only; the other network's part of the graph is passed through."""
    parameters = list(network.parameters())
    gradients = torch.autograd.grad(loss, parameters, retain_graph=keep_graph)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
