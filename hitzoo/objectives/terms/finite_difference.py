"""R1 and R2 by finite differences: two forward passes in the place of a gradient by the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from hitzoo.objectives.critic import On, Question, per_image
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.noise import Noise
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.terms.term import Answers

_NOISE = Noise(0.01)
_NOISY: dict[str, On] = {"real": "real_noisy", "fake": "fake_noisy"}


@dataclass(frozen=True)
class FiniteDifference:
    """weight · E((D(x + σε) − D(x))/σ)² with ε ~ N(0, I), over images of one kind.

    By ε its mean is ‖∇_x D(x)‖² + O(σ²), so the weight is that of R1 or R2. No double backward is needed, and attention
    keeps its fused kernels. In bfloat16 the rounding of both logits is divided by σ too.
    Source: Lin et al. 2025 (AFM) and Hyun et al. 2025 (GAT), with σ = 0.01.
    """

    on: Literal["real", "fake"] = "real"
    weight: Number = 10.0
    noise: Noise = _NOISE
    interval: int = 1
    name: str = "r1"

    @property
    def asks(self) -> frozenset[Question]:
        """The logits of the images, with noise and without."""
        return frozenset({Question(self.on), self._noisy})

    def __call__(self, answers: Answers, at: Moment) -> torch.Tensor:
        """Return the penalty."""
        noisy = per_image(answers[self._noisy].logits)
        slopes = (noisy - per_image(answers[Question(self.on)].logits)[: len(noisy)]) / self.noise.sigma
        return value_at(self.weight, at.images) * slopes.square().mean()

    @property
    def _noisy(self) -> Question:
        return Question(_NOISY[self.on], noise=self.noise)
