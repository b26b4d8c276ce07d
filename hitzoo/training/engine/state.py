"""Everything that changes while training: two networks, the average, two optimizers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import ModelPlan
from hitzoo.runtime.seeding import Purpose, drawing_weights
from hitzoo.sampling.initial import initial_generator
from hitzoo.spec.types import TrainingSpec
from hitzoo.training.engine.activation_checkpointing import use_activation_checkpointing
from hitzoo.training.engine.ema import MovingAverage
from hitzoo.training.engine.norm_statistics import use_norm_statistics
from hitzoo.training.engine.optimizer import build_optimizer


@dataclass(frozen=True)
class Trainee:
    """The state of a run besides its step."""

    generator: nn.Module
    discriminator: nn.Module
    average: MovingAverage
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer

    def update(self, step: int) -> None:
        """Apply the gradients both networks hold, as update number `step` (from 1), and let the average follow."""
        self.generator_optimizer.step()
        self.discriminator_optimizer.step()
        self.average.update(self.generator, step)


def new_trainee(plan: ModelPlan, training: TrainingSpec, seed: int, device: torch.device) -> Trainee:
    """Fresh networks on `device`; their weights follow from the seed alone, whatever the device."""
    generator = initial_generator(plan, seed).to(device)
    use_norm_statistics(generator, training)
    with drawing_weights(seed, Purpose.DISCRIMINATOR_WEIGHTS):
        discriminator = build_discriminator(plan).to(device)
    average = MovingAverage(generator, training.ema)
    for network in (generator, discriminator):
        use_activation_checkpointing(network, training)
    return Trainee(
        generator,
        discriminator,
        average,
        build_optimizer(training.optimizer, generator.parameters()),
        build_optimizer(training.optimizer, discriminator.parameters()),
    )
