"""Path length regularization: a step in the intermediate latent w should change the image by one length everywhere.

Source: Karras et al. 2020 ("Analyzing and Improving the Image Quality of StyleGAN"), section 3.2, equation 4.

B images per batch, C channels, H×W pixels, S width of w, P places that it enters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

from hitzoo.layers.double_backward import twice_differentiable
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.keyed_noise import WORD, normal
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.schedule import Number, value_at
from hitzoo.objectives.update import Inputs, Networks, Update

_SMALLEST_SQUARE = 1e-24  # below it a length counts as 0, where the root has no slope
_PASSES = 6  # of the generator: forward, back to w, and both of these by their inputs and by the weights


@dataclass(frozen=True)
class PathLength:
    """weight · E(‖J_wᵀ y‖ − a)² with J_w = ∂G(w)/∂w and y ~ N(0, I), over images of its own.

    It makes an update of the generator alone, the last of every `interval`-th step, with `interval` times its weight
    and without clipping. y has the factor 1/√(H·W). Where w enters P places, ‖·‖² is the mean of those by the w of
    each, as in the published code.
    Differs: a is the moving average of the lengths before the update (`path_mean.py`), a constant as in the paper, so
    that it is the same for all micro-batches and processes. The published code takes this batch's lengths into it
    first, with the weight of `decay`.

    Attributes:
        weight: the factor; StyleGAN2's γ_pl, without a ½.
        interval: steps from one taking to the next.
        batch_shrink: the generator's batch is this many times that of the penalty.
        decay: the weight of a batch's mean length in the moving average.
    """

    weight: Number = 2.0
    interval: int = 4
    batch_shrink: int = 2
    decay: float = 0.01
    name: ClassVar = "path_length"

    def updates(self, step: int, batch_size: int) -> tuple[Update, ...]:
        """Return the update of a step, from 1, whose turn it is, beside a generator's batch; else none."""
        if (step - 1) % self.interval:
            return ()
        latents = batch_size // self.batch_shrink
        return (Update(moves=("generator",), images=0, latents=latents, gradients=self.gradients),)

    def passes(self) -> float:
        """Return the generator's passes per image of its batch, averaged over the interval."""
        return _PASSES / (self.batch_shrink * self.interval)

    def gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        """Add the penalty's gradient to the generator's; weights that it does not depend on get zeros."""
        with twice_differentiable(), inputs.uncompiled():
            with inputs.forward():
                images, w = networks["generator"](inputs.latents, return_w=True)
            images = at_least_float32(images)
            lengths = path_lengths(images, w, inputs.random.integers(0, WORD))
        penalty = value_at(self.weight, at.images) * (lengths - inputs.path_mean).square().mean()
        (inputs.share * (self.interval * penalty + 0 * images.sum())).backward()
        return Losses(terms={self.name: penalty.detach()}, path_length=lengths.detach().mean())


def path_lengths(images: torch.Tensor, w: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Return ‖J_wᵀ y‖ of each image, differentiable once more.

    Args:
        images: [B, C, H, W], made of `w`.
        w: [B, S] or, where each place has its own, [B, P, S].
        keys: of the noise y, one per image: [B].
    """
    height, width = images.shape[-2:]
    y = normal(keys, images[0].numel()).view(images.shape).to(images.dtype) / math.sqrt(height * width)
    (by_w,) = torch.autograd.grad((images * y).sum(), w, create_graph=True)
    squares = at_least_float32(by_w).square().sum(dim=-1)
    return (squares.mean(dim=1) if squares.ndim == 2 else squares).clamp(min=_SMALLEST_SQUARE).sqrt()
