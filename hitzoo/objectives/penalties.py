"""The regularizers of the discriminator, as values built once and summed in the step.

Each says what it needs the discriminator to be asked, and makes a scalar of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from hitzoo.objectives.augment import Augmentation
from hitzoo.objectives.critic import Verdict
from hitzoo.spec.types import BcrSpec, R1Spec, RegularizerSpec


class Regularizer(Protocol):
    """A term of the discriminator's loss.

    It is taken every `interval` steps with its weight times `interval` (lazy regularization: Karras et al. 2020,
    appendix B), beginning with the first.
    """

    @property
    def name(self) -> str:
        """Its column in the metrics."""

    @property
    def interval(self) -> int:
        """Steps from one taking to the next."""

    @property
    def augmentation(self) -> Augmentation | None:
        """What is done to images that must be judged again, if any must."""

    @property
    def penalises_gradient(self) -> bool:
        """Whether it needs the squared gradients."""

    def __call__(self, verdict: Verdict) -> torch.Tensor:
        """The term with its weight, as a scalar; the interval is not in it."""


@dataclass(frozen=True)
class R1:
    """weight · E‖∇_x D(x)‖² over real images, without a factor ½.

    Source: Mescheder et al. 2018, equation 9, which has γ/2: the official HiT code's weight 10 is StyleGAN's γ = 20.
    """

    weight: float
    interval: int = 1
    name: str = "r1"
    augmentation: None = None
    penalises_gradient: bool = True

    def __call__(self, verdict: Verdict) -> torch.Tensor:
        """The penalty."""
        assert verdict.squared_gradients is not None, "the discriminator was not asked for its gradient"
        return self.weight * verdict.squared_gradients.mean()


@dataclass(frozen=True)
class BalancedConsistency:
    """weight · [E(D(x) − D(Tx))² + E(D(Gz) − D(TGz))²] for one draw of augmentations T of each image.

    No gradient passes through the augmented images, so the generator gets none from this term; the plain logits are not
    detached. Source: Zhao et al. 2020 (bCR), as the official HiT code computes it: both in one batch of 2B.
    """

    weight: float
    augmentation: Augmentation
    interval: int = 1
    name: str = "bcr"
    penalises_gradient: bool = False

    def __call__(self, verdict: Verdict) -> torch.Tensor:
        """The penalty."""
        assert verdict.augmented_logits is not None, "the discriminator was not asked for augmented images"
        real, fake = verdict.augmented_logits.chunk(2)
        differences = (verdict.real_logits - real).square().mean() + (verdict.fake_logits - fake).square().mean()
        return self.weight * differences


def build_regularizers(specs: Sequence[RegularizerSpec]) -> tuple[Regularizer, ...]:
    """The values a spec's `training.regularizers` names, in its order."""
    return tuple(map(_build, specs))


def _build(spec: RegularizerSpec) -> Regularizer:
    match spec:
        case R1Spec():
            return R1(spec.weight, spec.interval)
        case BcrSpec():
            return BalancedConsistency(spec.weight, Augmentation(spec.augment), spec.interval)
