"""The loss of the last layer's direction (SAN)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from hitzoo.objectives.critic import On, Question
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.terms.term import Answers


@dataclass(frozen=True)
class SanDirection:
    """E⟨h(x̂), ω⟩ − E⟨h(x), ω⟩ over fake and real images, which trains the unit vector ω alone.

    Beside it stands the loss of the logits, which trains everything but ω (`layers/san_logit.py`).
    Source: Takida et al. 2024 (SAN), equation 12.
    """

    interval: int = 1
    name: str = "san"
    asks: ClassVar = frozenset({Question("real"), Question("fake")})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the loss."""
        return _direction(answers, "fake").mean() - _direction(answers, "real").mean()


def _direction(answers: Answers, on: On) -> torch.Tensor:
    directions = answers[Question(on)].directions
    assert directions is not None, "the discriminator's last layer has a direction"
    return directions
