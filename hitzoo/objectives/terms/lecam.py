"""LeCam regularization: logits are drawn to the moving average of those of the other kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F

from hitzoo.objectives.critic import Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.terms.term import Answers


@dataclass(frozen=True)
class LeCam:
    """weight · [E max(0, D(x) − α_fake)² + E max(0, α_real − D(x̂))²] with the averages α of the mean logits.

    Source: Tseng et al. 2021, equation 6; the clipping at 0 is the authors' code's. The averages are those of
    `Moment.logits`.
    """

    weight: Number
    interval: int = 1
    name: str = "lecam"
    asks: ClassVar = frozenset({Question("real"), Question("fake")})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        real, fake = at.logits
        of_real = F.relu(answers[Question("real")].logits - fake).square().mean()
        of_fake = F.relu(real - answers[Question("fake")].logits).square().mean()
        return value_at(self.weight, at.images) * (of_real + of_fake)
