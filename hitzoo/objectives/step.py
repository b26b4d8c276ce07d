"""One training step as mathematics: tensors in, losses and gradients out; no files, devices, ranks or logs.

Source: the official HiT code's step: generator and discriminator are both updated from one forward
pass, with the gradients of both taken before either moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.adversarial import AdversarialLoss
from hitzoo.objectives.batch_random import Draws
from hitzoo.objectives.critic import Verdict
from hitzoo.objectives.penalties import Regularizer

_SMALLEST_SLOPE = 1e-12  # a derivative of the discriminator's loss by a fake logit is held at least this far from 0


@dataclass(frozen=True)
class Objective:
    """What is optimised: an adversarial loss and the discriminator's regularizers."""

    loss: AdversarialLoss
    regularizers: Sequence[Regularizer]

    def due(self, step: int) -> Objective:
        """The same with the regularizers whose turn it is at update number `step` (from 1)."""
        return Objective(self.loss, [term for term in self.regularizers if (step - 1) % term.interval == 0])


@dataclass(frozen=True, kw_only=True)
class StepLosses:
    """The numbers of one step, detached, on the device.

    `discriminator` is the adversarial part alone; `penalties` have their weights, but not the factor of an interval.
    """

    generator: torch.Tensor
    discriminator: torch.Tensor
    penalties: dict[str, torch.Tensor]
    real_logits: torch.Tensor
    fake_logits: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class Players:
    """The two networks as they take part in a step.

    `generator`: latents to images. `judge`: what `Judge` computes. `images_alone`: no image touches another's logit,
    which lets one backward pass through the fake images serve both losses.
    """

    generator: nn.Module
    judge: nn.Module
    images_alone: bool = False


def compute_gradients(
    players: Players,
    objective: Objective,
    z: torch.Tensor,
    real: torch.Tensor,
    draws: Draws,
    *,
    share: float = 1.0,
    forward: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> StepLosses:
    """Add the step's gradients to `.grad` of both networks' parameters.

    Args:
        players: the networks.
        objective: with the regularizers that are due.
        z: latents [B, latent_dim].
        real: images [B, C, R, R] in [-1, 1].
        draws: for the augmentations.
        share: of the step's images that these are; gradients are scaled by it.
        forward: entered for the networks' forward passes, such as autocast.
    """
    with forward():
        fake = players.generator(z)
    images = at_least_float32(fake.detach()).requires_grad_()
    augmented = _augmented(objective, real, images, draws)
    with forward():
        verdict: Verdict = players.judge(real, images, augmented, _penalised(objective))
    penalties = {term.name: term(verdict) for term in objective.regularizers}
    generator_loss = objective.loss.generator(verdict.fake_logits)
    adversarial = objective.loss.discriminator(verdict.real_logits, verdict.fake_logits)
    lazy = [term.interval * penalties[term.name] for term in objective.regularizers]
    whole = share * (adversarial + sum(lazy))
    by_image = _backward(players, whole, share * generator_loss, verdict, images)
    torch.autograd.backward([fake], [by_image.to(fake.dtype)])
    return StepLosses(
        generator=generator_loss.detach(),
        discriminator=adversarial.detach(),
        penalties={name: penalty.detach() for name, penalty in penalties.items()},
        real_logits=verdict.real_logits.detach(),
        fake_logits=verdict.fake_logits.detach(),
    )


def _augmented(objective: Objective, real: torch.Tensor, fake: torch.Tensor, draws: Draws) -> torch.Tensor | None:
    """Real, then fake images as the regularizers want them judged again: [2B, C, R, R]; None if none does."""
    policies = [term.augmentation for term in objective.regularizers if term.augmentation is not None]
    if not policies:
        return None
    assert len(policies) == 1, "one consistency term in a spec"
    with torch.no_grad():
        return torch.cat((policies[0](real, draws), policies[0](fake, draws)))


def _penalised(objective: Objective) -> bool:
    return any(term.penalises_gradient for term in objective.regularizers)


def _backward(
    players: Players, whole: torch.Tensor, generator_loss: torch.Tensor, verdict: Verdict, images: torch.Tensor
) -> torch.Tensor:
    """Add the discriminator's gradients; return the generator loss's gradient by the fake images: [B, C, R, R].

    Where no image touches another's logit, both losses send the same signal back through an image, up to a factor: the
    ratio of their derivatives by its logit. One pass then serves both.
    """
    answers = [answer for answer in verdict if answer is not None]
    slopes = list(torch.autograd.grad(whole, answers))
    if not players.images_alone:
        (by_image,) = torch.autograd.grad(generator_loss, images, retain_graph=True)
        torch.autograd.backward(answers, slopes)
        return by_image
    (of_generator,) = torch.autograd.grad(generator_loss, verdict.fake_logits, retain_graph=True)
    fake = Verdict._fields.index("fake_logits")
    slopes[fake] = _away_from_zero(slopes[fake])
    torch.autograd.backward(answers, slopes)
    assert images.grad is not None
    return images.grad * (of_generator / slopes[fake])[:, None, None, None]


def _away_from_zero(slopes: torch.Tensor) -> torch.Tensor:
    """So that the ratio exists; what this changes in the discriminator's gradient is below rounding."""
    return torch.where(slopes < 0, slopes.clamp(max=-_SMALLEST_SLOPE), slopes.clamp(min=_SMALLEST_SLOPE))
