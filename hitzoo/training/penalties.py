"""The regularizers of the discriminator, as values built once and summed in the step.

Each takes what the step has already computed and returns a scalar whose gradient reaches the discriminator's weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from hitzoo.spec.types import BcrSpec, R1Spec, RegularizerSpec
from hitzoo.training.augment import Augmentation


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One forward pass of the discriminator: images [B, C, R, R] and their logits [B].

    `real` requires a gradient, so that penalties can differentiate the logits by it.
    """

    discriminator: nn.Module
    real: torch.Tensor
    fake: torch.Tensor
    real_logits: torch.Tensor
    fake_logits: torch.Tensor


class Regularizer(Protocol):
    """A term of the discriminator's loss, weight included."""

    @property
    def name(self) -> str:
        """Its column in the metrics."""

    def __call__(self, judgement: Judgement, random: torch.Generator) -> torch.Tensor:
        """The term as a scalar."""


@dataclass(frozen=True)
class R1:
    """weight · E‖∇_x D(x)‖² over real images, without a factor ½.

    Source: Mescheder et al. 2018, equation 9, which has γ/2: the official HiT code's weight 10 is StyleGAN's γ = 20.
    """

    weight: float
    name: str = "r1"

    def __call__(self, judgement: Judgement, random: torch.Generator) -> torch.Tensor:
        """The penalty; itself differentiable by the discriminator's weights (double backward)."""
        (gradient,) = torch.autograd.grad(judgement.real_logits.sum(), judgement.real, create_graph=True)
        return self.weight * gradient.square().sum(dim=(1, 2, 3)).mean()


@dataclass(frozen=True)
class BalancedConsistency:
    """weight · [E(D(x) − D(Tx))² + E(D(Gz) − D(TGz))²] for one draw of augmentations T of each image.

    No gradient passes through the augmented images, so the generator gets none from this term; the plain logits are not
    detached. Source: Zhao et al. 2020 (bCR), as the official HiT code computes it: both in one batch of 2B.
    """

    weight: float
    augmentation: Augmentation
    name: str = "bcr"

    def __call__(self, judgement: Judgement, random: torch.Generator) -> torch.Tensor:
        """The penalty."""
        with torch.no_grad():
            real = self.augmentation(judgement.real.detach(), random)
            fake = self.augmentation(judgement.fake.detach(), random)
        logits = judgement.discriminator(torch.cat((real, fake)))
        of_real, of_fake = logits.chunk(2)
        differences = (judgement.real_logits - of_real).square().mean() + (
            judgement.fake_logits - of_fake
        ).square().mean()
        return self.weight * differences


def build_regularizers(specs: Sequence[RegularizerSpec]) -> tuple[Regularizer, ...]:
    """The values a spec's `training.regularizers` names, in its order."""
    return tuple(map(_build, specs))


def _build(spec: RegularizerSpec) -> Regularizer:
    match spec:
        case R1Spec():
            return R1(spec.weight)
        case BcrSpec():
            return BalancedConsistency(spec.weight, Augmentation(spec.augment))
