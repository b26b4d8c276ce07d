"""Learning rate and betas of one network's Adam in the course of a run."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.scheduled import number_of
from hitzoo.plan.role import Role
from hitzoo.spec.adam import adam_of, lazy_share
from hitzoo.spec.types import AdamSpec, TrainingSpec


@dataclass(frozen=True, kw_only=True)
class AdamNumbers:
    """The numbers as functions of the real images shown so far, so that a resumed run has those of an undisturbed one.

    Attributes:
        learning_rate: the step size.
        betas: β1, which is constant since Adam keeps nothing for one of 0, and β2.
        warm_up: images over which the learning rate rises from 0 to what it would be.
        share: c of lazy regularization (Karras et al. 2020, appendix B): lr·c and β^c.
    """

    learning_rate: Number
    betas: tuple[float, Number]
    warm_up: int = 0
    share: float = 1.0

    @classmethod
    def of(cls, training: TrainingSpec, role: Role) -> AdamNumbers:
        """Return the numbers of a network's optimizer as a spec has them."""
        return cls.of_both(adam_of(training, role), lazy_share(training, role))

    @classmethod
    def of_both(cls, spec: AdamSpec, share: float = 1.0) -> AdamNumbers:
        """Return the numbers of a section, without its sections for each network."""
        beta1 = spec.betas[0]
        assert isinstance(beta1, int | float), "compiling a spec refuses a schedule for the first"
        return cls(
            learning_rate=number_of(spec.learning_rate),
            betas=(beta1, number_of(spec.betas[1])),
            warm_up=spec.warm_up,
            share=share,
        )

    @property
    def changes(self) -> bool:
        """True unless all numbers are constant."""
        return bool(self.warm_up) or not all(
            isinstance(one, int | float) for one in (self.learning_rate, self.betas[1])
        )

    def at(self, images: int) -> tuple[float, tuple[float, float]]:
        """Return learning rate and betas after so many images."""
        risen = min(images / self.warm_up, 1.0) if self.warm_up else 1.0
        beta1, beta2 = (value_at(beta, images) ** self.share for beta in self.betas)
        return value_at(self.learning_rate, images) * risen * self.share, (beta1, beta2)

    def apply(self, optimizer: torch.optim.Optimizer, images: int) -> None:
        """Put them in place for the next update."""
        for group in optimizer.param_groups:
            group["lr"], group["betas"] = self.at(images)
