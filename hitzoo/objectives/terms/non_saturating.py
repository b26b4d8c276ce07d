"""The non-saturating (logistic) loss.

Source: Goodfellow et al. 2014, section 3, with D(x) = σ(logit): log σ(l) = −softplus(−l).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hitzoo.objectives.terms.term import AdversarialLoss, OfLogits


def generator(fake: torch.Tensor) -> torch.Tensor:
    """Return −E log σ(D(x̂)): [B] -> scalar."""
    return F.softplus(-fake).mean()


def discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return −E log σ(D(x)) − E log(1 − σ(D(x̂))): [B], [B] -> scalar."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


NON_SATURATING = AdversarialLoss(
    generator=OfLogits("generator", ("fake",), generator),
    discriminator=OfLogits("discriminator", ("real", "fake"), discriminator),
)
