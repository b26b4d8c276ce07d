"""The adversarial losses, as pairs of functions of logits. B images a batch; large logits mean real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class AdversarialLoss:
    """`generator(fake_logits)` and `discriminator(real_logits, fake_logits)`: [B] -> scalar, means over the batch."""

    generator: Callable[[torch.Tensor], torch.Tensor]
    discriminator: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _non_saturating_generator(fake: torch.Tensor) -> torch.Tensor:
    return F.softplus(-fake).mean()


def _non_saturating_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _hinge_generator(fake: torch.Tensor) -> torch.Tensor:
    return -fake.mean()


def _hinge_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


LOSSES = {
    "non_saturating": AdversarialLoss(_non_saturating_generator, _non_saturating_discriminator),
    "hinge": AdversarialLoss(_hinge_generator, _hinge_discriminator),
}
"""By the name a spec gives: Goodfellow et al. 2014, section 3 (logistic); Lim and Ye 2017 (hinge)."""
