"""Balanced consistency: an image and its augmentation should have the same logit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from hitzoo.objectives.critic import On, Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.terms.term import Answers

_ON: tuple[On, ...] = ("real", "fake", "real_augmented", "fake_augmented")


@dataclass(frozen=True)
class BalancedConsistency:
    """weight · [E(D(x) − D(Tx))² + E(D(x̂) − D(Tx̂))²] for one draw of augmentations T of each image.

    No gradient passes through the augmented images, so the generator gets none from this term; the plain logits are not
    detached. Source: Zhao et al. 2020 (bCR), as the official HiT code computes it.
    """

    weight: Number
    interval: int = 1
    name: str = "bcr"
    asks: ClassVar = frozenset(map(Question, _ON))

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        real, fake, real_augmented, fake_augmented = (answers[Question(on)].logits for on in _ON)
        differences = (real - real_augmented).square().mean() + (fake - fake_augmented).square().mean()
        return value_at(self.weight, at.images) * differences
