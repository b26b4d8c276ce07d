"""The weight of the adversarial term in an autoencoder's loss: a number, or VQGAN's, which follows the gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at

_SMALL = 1e-4  # beside the norm of a gradient; VQGAN's


@dataclass(frozen=True, kw_only=True)
class AdversarialWeight:
    """The weight from image number `start` on; before it the term does not count.

    With `adaptive` it is multiplied by λ = ‖∇_w L_rec‖/(‖∇_w L_adv‖ + 1e-4), at most `most`, where w is the last kernel
    of the decoder and L_rec the losses of the reconstruction (Esser et al. 2021, equation 7). λ is that of the images
    that are worked on at once: micro-batches and processes have their own.
    """

    weight: Number = 1.0
    start: int = 0
    adaptive: bool = False
    most: float = 1e4

    def counts(self, at: Moment) -> bool:
        """Return True once the term counts."""
        return at.images >= self.start and value_at(self.weight, at.images) > 0

    def of(
        self, decoder: nn.Module, likeness: torch.Tensor, made: torch.Tensor, by_image: torch.Tensor, at: Moment
    ) -> tuple[torch.Tensor | float, dict[str, torch.Tensor]]:
        """Return the factor, and what is to be recorded of it.

        Args:
            decoder: the network that made the images.
            likeness: the losses of the reconstruction, a scalar.
            made: the images, as the decoder gave them.
            by_image: gradient of the adversarial loss by them.
            at: place in the run.
        """
        weight = value_at(self.weight, at.images)
        if not self.adaptive:
            return weight, {}
        last = last_kernel(decoder)
        (of_likeness,) = torch.autograd.grad(likeness, last, retain_graph=True)
        (of_game,) = torch.autograd.grad(made, last, by_image.to(made.dtype), retain_graph=True)
        free = of_likeness.norm() / (of_game.norm() + _SMALL)
        limited = free.clamp(max=self.most).detach()
        clipped = (free >= self.most).float()
        return weight * limited, {"adaptive_weight": limited, "adaptive_weight/clipped": clipped}


def last_kernel(network: nn.Module) -> nn.Parameter:
    """Return the last kernel or matrix of a network, in the order of its weights."""
    return [weight for weight in network.parameters() if weight.ndim > 1][-1]
