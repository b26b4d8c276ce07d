"""The moving average of a network, from which samples are taken."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from hitzoo.objectives.schedule import value_at
from hitzoo.objectives.scheduled import number_of
from hitzoo.spec.types import EmaSpec


class MovingAverage:
    """Exponential moving average over all of a network's weights and running statistics.

    Up to step `start_step` it is a copy of the network, then average += (1 − decay)·(network − average) per step, of
    `images_per_step` real images; with `ramp_up` the decay grows with the step, as TensorFlow's average with a step
    count does.
    Source: the official HiT code, which averages the batch norms' running statistics like the weights.
    Differs: before `start_step` the official average is the untrained network; a copy makes early samples worth seeing.
    """

    def __init__(self, network: nn.Module, spec: EmaSpec, images_per_step: int = 1) -> None:
        self.spec, self.images_per_step = spec, images_per_step
        self.half_life = None if spec.half_life is None else number_of(spec.half_life)
        self.network = deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def copy(self, network: nn.Module) -> None:
        """Take over the network as it is."""
        torch._foreach_copy_(list(self.network.state_dict().values()), list(network.state_dict().values()))

    @torch.no_grad()
    def update(self, network: nn.Module, step: int, images: int = 0) -> None:
        """Take in the network as it is after `step` updates; integers and flags, such as indices, are copied.

        `images` is the number of real images before this step.
        """
        if step <= self.spec.start_step:
            self.copy(network)
            return
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        copied = [pair for pair in pairs if not pair[0].is_floating_point()]
        torch._foreach_lerp_([mine for mine, _ in averaged], [new for _, new in averaged], 1 - self.decay(step, images))
        if copied:
            torch._foreach_copy_([mine for mine, _ in copied], [new for _, new in copied])

    def decay(self, step: int, images: int = 0) -> float:
        """Return the factor of the average at a step that begins after so many images."""
        decay = self.spec.decay
        if self.half_life is not None:
            half_life = value_at(self.half_life, images)
            decay = 0.5 ** (self.images_per_step / half_life) if half_life else 0.0
        return min(decay, (1 + step) / (10 + step)) if self.spec.ramp_up else decay
