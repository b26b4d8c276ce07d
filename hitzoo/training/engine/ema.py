"""The moving averages of a network, from which samples are taken."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from hitzoo.objectives.schedule import value_at
from hitzoo.objectives.scheduled import number_of
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.sampling.recalibration import Recalibration, recalibrate
from hitzoo.spec.types import EmaSpec, TrainingSpec


class MovingAverage:
    """Exponential moving average over all of a network's weights and running statistics.

    Up to step `start_step` it is a copy of the network, then average += (1 − decay)·(network − average) per step, of
    `images_per_step` real images. The decay is the spec's, or 0.5^(images_per_step/h) with a half-life of h images,
    where h is at most `ramp` times the images before the step; with `ramp_up` the decay grows with the step, as
    TensorFlow's average with a step count does.
    Source: the official HiT code, which averages the batch norms' running statistics like the weights; half-life and
    `ramp` are StyleGAN2's and TransGAN's.
    Differs: before `start_step` the official average is the untrained network; a copy makes early samples worth seeing.

    Attributes:
        name: among several averages of a network.
        network: the average, in evaluation mode and without gradients.
        recalibrated: whether the statistics of batch norms were taken anew since its last change.
    """

    def __init__(self, network: nn.Module, spec: EmaSpec, images_per_step: int = 1) -> None:
        self.spec, self.images_per_step, self.name = spec, images_per_step, spec.name
        self.half_life = None if spec.half_life is None else number_of(spec.half_life)
        self.network = deepcopy(network).eval().requires_grad_(False)
        self.recalibrated = False

    @torch.no_grad()
    def copy(self, network: nn.Module) -> None:
        """Take over the network as it is."""
        self.recalibrated = False
        torch._foreach_copy_(list(self.network.state_dict().values()), list(network.state_dict().values()))

    @torch.no_grad()
    def update(self, network: nn.Module, step: int, images: int = 0) -> None:
        """Take in the network as it is after `step` updates; integers and flags, such as indices, are copied.

        `images` is the number of real images before this step.
        """
        if step <= self.spec.start_step:
            self.copy(network)
            return
        self.recalibrated = False
        pairs = self._pairs(network)
        averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        copied = [pair for pair in pairs if not pair[0].is_floating_point()]
        torch._foreach_lerp_([mine for mine, _ in averaged], [new for _, new in averaged], 1 - self.decay(step, images))
        if copied:
            torch._foreach_copy_([mine for mine, _ in copied], [new for _, new in copied])

    def decay(self, step: int, images: int = 0) -> float:
        """Return the factor of the average at a step that begins after so many images."""
        decay = self.spec.decay or 0.0
        if self.half_life is not None:
            half_life = value_at(self.half_life, images)
            if self.spec.ramp is not None:
                half_life = min(half_life, self.spec.ramp * images)
            decay = 0.5 ** (self.images_per_step / half_life) if half_life else 0.0
        return min(decay, (1 + step) / (10 + step)) if self.spec.ramp_up else decay

    def _pairs(self, network: nn.Module) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Pair the average's tensors with the network's: a tied weight, which has several names, once."""
        own, new = (one.state_dict(keep_vars=True).values() for one in (self.network, network))
        return list({id(mine): (mine, other) for mine, other in zip(own, new, strict=True)}.values())


def network_of(
    average: MovingAverage, plan: ModelPlan, training: TrainingSpec, seed: int, world: World = ALONE
) -> nn.Module:
    """Return an average's network as samples are taken of it: where its spec says so, recalibrated.

    That costs `recalibrate` samples once after a change. All processes of a `world` call this and divide them.
    """
    latents = average.spec.recalibrate
    if latents is not None and (world.size > 1 or not average.recalibrated):
        recalibrate(average.network, Recalibration.of(plan, training, latents, seed), world)
        average.recalibrated = True
    return average.network


def average_named(averages: tuple[MovingAverage, ...], name: str | None) -> MovingAverage:
    """Return the average of that name, or else the first, which samples are taken from before any was chosen."""
    return next((average for average in averages if average.name == name), averages[0])
