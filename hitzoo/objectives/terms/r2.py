"""The gradient penalty on generated images, R2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from hitzoo.objectives.critic import Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.terms.term import Answers, squared_gradient


@dataclass(frozen=True)
class R2:
    """weight · E‖∇_x̂ D(x̂)‖² over fake images, without a factor ½.

    Source: Mescheder et al. 2018, equation 10, which has γ/2; R3GAN (Huang et al. 2024, section 2) takes it beside R1.
    """

    weight: Number
    interval: int = 1
    name: str = "r2"
    asks: ClassVar = frozenset({Question("fake", gradient=True)})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        return value_at(self.weight, at.images) * squared_gradient(answers, "fake").mean()
