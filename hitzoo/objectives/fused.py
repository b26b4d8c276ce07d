"""The simultaneous step with one pass back through the fake images for both losses.

It is an optimization of `simultaneous.py` and is tested against it. R1 has one of its own, in
`r1_without_double_backward.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from hitzoo.objectives.critic import Question
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.term import Answers

_SMALLEST_SLOPE = 1e-12  # a derivative of the discriminator's loss by a fake logit is held at least this far from 0


@dataclass(frozen=True, kw_only=True)
class FusedSimultaneous(Simultaneous):
    """`Simultaneous` for discriminators in which no image touches another's logit, and which are piecewise linear.

    Both losses then send the same signal back through an image, up to a factor: the ratio of their derivatives by its
    logit. One pass serves both. A penalty on the gradient by the image is constant around it and adds nothing.
    """

    @classmethod
    def of(cls, plain: Simultaneous) -> FusedSimultaneous:
        """Return the fused form of a plain step."""
        return cls(**{item.name: getattr(plain, item.name) for item in fields(plain)})

    def backward(
        self, generator: torch.Tensor, discriminator: torch.Tensor, answers: Answers, images: torch.Tensor
    ) -> torch.Tensor:
        """Add ∂L_D/∂θ_D to the discriminator's gradients and return ∂L_G/∂x̂ = ∂L_D/∂x̂ · (∂L_G/∂D)/(∂L_D/∂D)."""
        fake = answers[Question("fake")].logits
        tensors = {id(tensor): tensor for answer in answers.values() for tensor in answer if tensor is not None}
        slopes = dict(
            zip(tensors, torch.autograd.grad(discriminator, [*tensors.values()], allow_unused=True), strict=True)
        )
        (of_generator,) = torch.autograd.grad(generator, fake, retain_graph=True)
        slopes[id(fake)] = _away_from_zero(torch.zeros_like(fake) if slopes[id(fake)] is None else slopes[id(fake)])
        roots = [name for name, slope in slopes.items() if slope is not None]
        torch.autograd.backward([tensors[name] for name in roots], [slopes[name] for name in roots])
        assert images.grad is not None, "the fake images are leaves that want a gradient"
        return images.grad * (of_generator / slopes[id(fake)])[:, None, None, None]


def _away_from_zero(slopes: torch.Tensor) -> torch.Tensor:
    """Keep the ratio finite; what this changes in the discriminator's gradient is below rounding."""
    return torch.where(slopes < 0, slopes.clamp(max=-_SMALLEST_SLOPE), slopes.clamp(min=_SMALLEST_SLOPE))
