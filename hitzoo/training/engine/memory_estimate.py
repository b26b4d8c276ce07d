"""The memory of training, measured without using any: the real step runs on the meta device, where tensors have shapes
but no contents, and every tensor that is made and freed on the way is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.families.build import build
from hitzoo.families.compile import ModelPlan
from hitzoo.objectives.batch_random import Draws
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.critic import Judge
from hitzoo.objectives.step import Players, compute_gradients
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.spec.types import Spec, TrainingSpec
from hitzoo.training.engine.activation_checkpointing import use_activation_checkpointing
from hitzoo.training.engine.execution import Way
from hitzoo.training.engine.fused_attention import fused_attention
from hitzoo.training.engine.norm_statistics import use_norm_statistics

META = torch.device("meta")
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes in float32.

    `training_per_image` is what the peak of a whole step grows by with each image of the batch; `training_fixed` is
    weights, gradients, optimizer state and the average.
    """

    training_per_image: int
    training_fixed: int


def measure_footprint(spec: Spec, plan: ModelPlan) -> Footprint:
    """Run the spec's own step on the meta device; a second for the largest specs.

    The batch is large, since size costs nothing there: what does not grow with it becomes too small to count.
    """
    with META:
        generator, discriminator = build(plan)
    use_norm_statistics(generator, spec.training)
    for network in (generator, discriminator):
        use_activation_checkpointing(network, spec.training)
    group = spec.training.norm_statistics
    batch = math.lcm(
        _BATCH, getattr(spec.discriminator, "minibatch_std", 0) or 1, group if isinstance(group, int) else 1
    )
    return Footprint(
        training_per_image=_step_peak(spec, plan, generator, discriminator, batch) // batch,
        training_fixed=_fixed_bytes(spec.training, generator, discriminator),
    )


def _step_peak(spec: Spec, plan: ModelPlan, generator: nn.Module, discriminator: nn.Module, batch: int) -> int:
    """The most bytes alive during one step besides what exists before it."""
    objective = objective_of(spec.training)
    z, real = _inputs(plan, batch)
    with fused_attention(), LiveBytes() as memory:
        compute_gradients(_players(generator, discriminator), objective, z, real, Draws(torch.Generator(), batch))
    return memory.peak


def _players(generator: nn.Module, discriminator: nn.Module) -> Players:
    way = Way()
    judge = Judge(discriminator, way.input_gradient(discriminator))
    return Players(generator=generator, judge=judge, images_alone=way.images_alone(discriminator))


def _inputs(plan: ModelPlan, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    side, channels = plan.generator.resolution, plan.generator.image_channels
    z = torch.empty(batch, plan.generator.latent_dim, device=META)
    return z, torch.empty(batch, side, side, channels, device=META).permute(0, 3, 1, 2)


def _fixed_bytes(training: TrainingSpec, generator: nn.Module, discriminator: nn.Module) -> int:
    """Weights and gradients of both networks, the average, and Adam's moments (KerasAdam with β1 = 0 has one)."""
    adam = training.optimizer
    moments = 1 if adam.form == "keras" and not adam.betas[0] else 2
    weights = _bytes(generator.parameters()) + _bytes(discriminator.parameters())
    return (2 + moments) * weights + _bytes(generator.state_dict().values())


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
