"""The hinge loss.

Source: Lim and Ye 2017 ("Geometric GAN"), equations 11 and 12.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hitzoo.objectives.terms.term import AdversarialLoss, OfLogits


def generator(fake: torch.Tensor) -> torch.Tensor:
    """Return −E D(x̂): [B] -> scalar."""
    return -fake.mean()


def discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return E max(0, 1 − D(x)) + E max(0, 1 + D(x̂)): [B], [B] -> scalar."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


HINGE = AdversarialLoss(
    generator=OfLogits("generator", ("fake",), generator),
    discriminator=OfLogits("discriminator", ("real", "fake"), discriminator),
)
