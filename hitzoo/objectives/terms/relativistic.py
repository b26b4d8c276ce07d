"""The relativistic pairing loss: each fake image is held against a real one, by both networks.

Source: Jolicoeur-Martineau 2018 (RpGAN), as in R3GAN: Huang et al. 2024, equation 2 with f(t) = −log(1 + e^(−t)).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hitzoo.objectives.terms.term import AdversarialLoss, OfLogits


def generator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return E softplus(D(x) − D(x̂)) over the pairs of the batch: [B], [B] -> scalar."""
    return F.softplus(real - fake).mean()


def discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return E softplus(D(x̂) − D(x)) over the pairs of the batch: [B], [B] -> scalar."""
    return F.softplus(fake - real).mean()


RELATIVISTIC = AdversarialLoss(
    generator=OfLogits("generator", ("real", "fake"), generator),
    discriminator=OfLogits("discriminator", ("real", "fake"), discriminator),
)
