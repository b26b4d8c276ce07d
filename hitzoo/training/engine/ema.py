"""The moving average of a network, from which samples are taken."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from hitzoo.spec.types import EmaSpec


class MovingAverage:
    """An exponential moving average over all of a network's weights and running statistics.

    Up to step `start_step` it is a copy of the network, then average += (1 − decay)·(network − average) each step; with
    `ramp_up` the decay grows with the step, as TensorFlow's average with a step count does.
    Source: the official HiT code, which averages the batch norms' running statistics like the weights.
    Differs: before `start_step` the official average is the untrained network; a copy makes early samples worth seeing.
    """

    def __init__(self, network: nn.Module, spec: EmaSpec) -> None:
        self.spec = spec
        self.network = deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def copy(self, network: nn.Module) -> None:
        """Be as the network is."""
        torch._foreach_copy_(list(self.network.state_dict().values()), list(network.state_dict().values()))

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the network as it is after `step` updates."""
        if step <= self.spec.start_step:
            self.copy(network)
            return
        averages = list(self.network.state_dict().values())
        torch._foreach_lerp_(averages, list(network.state_dict().values()), 1 - self.decay(step))

    def decay(self, step: int) -> float:
        """The factor of the average at one step."""
        return min(self.spec.decay, (1 + step) / (10 + step)) if self.spec.ramp_up else self.spec.decay
