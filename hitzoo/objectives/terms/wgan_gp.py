"""The Wasserstein loss with its gradient penalty, and the drift term that keeps logits near 0.

Source: Gulrajani et al. 2017, equation 3; the target φ and the drift as in Karras et al. 2018 (Progressive GAN),
appendix A.1; TransGAN's code squares the mean logit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from hitzoo.objectives.critic import Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.terms.term import AdversarialLoss, Answers, OfLogits, squared_gradient

_SMALLEST_SQUARE = 1e-24  # below it a gradient counts as 0, where the root has no slope


def generator(fake: torch.Tensor) -> torch.Tensor:
    """Return −E D(x̂): [B] -> scalar."""
    return -fake.mean()


def discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return E D(x̂) − E D(x): [B], [B] -> scalar."""
    return fake.mean() - real.mean()


WASSERSTEIN = AdversarialLoss(
    generator=OfLogits("generator", ("fake",), generator),
    discriminator=OfLogits("discriminator", ("real", "fake"), discriminator),
)


@dataclass(frozen=True)
class GradientPenalty:
    """weight/φ² · E(‖∇D(x̃)‖ − φ)² with x̃ on the line between a real and a fake image; φ is the `target`."""

    weight: Number = 10.0
    target: float = 1.0
    interval: int = 1
    name: str = "wgan_gp"
    asks: ClassVar = frozenset({Question("mixed", gradient=True)})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        norms = squared_gradient(answers, "mixed").clamp(min=_SMALLEST_SQUARE).sqrt()
        return value_at(self.weight, at.images) / self.target**2 * (norms - self.target).square().mean()


@dataclass(frozen=True)
class Drift:
    """weight · E D(x)² over real images; `of_mean`: weight · (E D(x))², of the images that are judged at once."""

    weight: Number = 1e-3
    of_mean: bool = False
    interval: int = 1
    name: str = "drift"
    asks: ClassVar = frozenset({Question("real")})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        logits = answers[Question("real")].logits
        squares = logits.mean().square() if self.of_mean else logits.square().mean()
        return value_at(self.weight, at.images) * squares
