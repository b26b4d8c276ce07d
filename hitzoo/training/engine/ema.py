"""The moving average of a network, from which samples are taken."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from hitzoo.spec.types import EmaSpec


class MovingAverage:
    """Exponential moving average over all of a network's weights and running statistics.

    Up to step `start_step` it is a copy of the network, then average += (1 − decay)·(network − average) per step; with
    `ramp_up` the decay grows with the step, as TensorFlow's average with a step count does.
    Source: the official HiT code, which averages the batch norms' running statistics like the weights.
    Differs: before `start_step` the official average is the untrained network; a copy makes early samples worth seeing.
    """

    def __init__(self, network: nn.Module, spec: EmaSpec) -> None:
        self.spec = spec
        self.network = deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def copy(self, network: nn.Module) -> None:
        """Take over the network as it is."""
        torch._foreach_copy_(list(self.network.state_dict().values()), list(network.state_dict().values()))

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the network as it is after `step` updates; integers and flags, such as indices, are copied."""
        if step <= self.spec.start_step:
            self.copy(network)
            return
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        copied = [pair for pair in pairs if not pair[0].is_floating_point()]
        torch._foreach_lerp_([mine for mine, _ in averaged], [new for _, new in averaged], 1 - self.decay(step))
        if copied:
            torch._foreach_copy_([mine for mine, _ in copied], [new for _, new in copied])

    def decay(self, step: int) -> float:
        """Return the factor of the average at a step."""
        return min(self.spec.decay, (1 + step) / (10 + step)) if self.spec.ramp_up else self.spec.decay
