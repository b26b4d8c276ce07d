"""The gradient penalty on real images, R1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from hitzoo.objectives.critic import Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.terms.term import Answers, squared_gradient


@dataclass(frozen=True)
class R1:
    """weight · E‖∇_x D(x)‖² over real images, without a factor ½.

    Source: Mescheder et al. 2018, equation 9, which has γ/2: the official HiT code's weight 10 is StyleGAN's γ = 20.
    """

    weight: Number
    interval: int = 1
    name: str = "r1"
    asks: ClassVar = frozenset({Question("real", gradient=True)})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        return value_at(self.weight, at.images) * squared_gradient(answers, "real").mean()
