"""The memory of training, measured without using any: the real step runs on the meta device, where tensors have shapes
but no contents, and every tensor that is made and freed on the way is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import nn

from hitzoo.families.build import build_network
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Inputs, Networks, Update
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.spec.adam import adam_of
from hitzoo.spec.batches import batch_unit
from hitzoo.spec.types import Spec, TrainingSpec
from hitzoo.training.engine.activation_checkpointing import use_activation_checkpointing
from hitzoo.training.engine.adam_numbers import AdamNumbers
from hitzoo.training.engine.draws import draws_of
from hitzoo.training.engine.execution import DEFAULT
from hitzoo.training.engine.fused_attention import fused_attention
from hitzoo.training.engine.norm_statistics import use_norm_statistics
from hitzoo.training.engine.optimizer import build_optimizer, kept_per_weight

META = torch.device("meta")
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes in float32.

    `training_per_image` is the growth of a whole step's peak per image of the batch; `training_fixed` is weights,
    gradients, optimizer state and the averages.
    """

    training_per_image: int
    training_fixed: int


def measure_footprint(spec: Spec, plan: ModelPlan) -> Footprint:
    """Run the spec's own step on the meta device; a second for the largest specs, once for each.

    The batch is large, since size costs nothing there: what does not grow with it becomes too small to count.
    """
    try:
        hash((spec, plan))
    except TypeError:  # a family outside this package may have a list or a dict in its section or plan
        return _measure(spec, plan)
    return _measured_once(spec, plan)


def _measure(spec: Spec, plan: ModelPlan) -> Footprint:
    with META:
        networks = {role: build_network(plan, role) for role in plan.networks}
    use_norm_statistics(networks["generator"], spec.training)
    for role, network in networks.items():
        use_activation_checkpointing(network, plan.networks[role], spec.training)
    group = spec.training.norm_statistics
    whole = batch_unit(spec.training)
    batch = math.lcm(_BATCH, plan.discriminator.grouped, group if isinstance(group, int) else 1, whole)
    return Footprint(
        training_per_image=_step_peak(spec, plan, networks, batch) // batch,
        training_fixed=_fixed_bytes(spec.training, networks),
    )


_measured_once = lru_cache(maxsize=8)(_measure)


def _step_peak(spec: Spec, plan: ModelPlan, networks: Mapping[Role, nn.Module], batch: int) -> int:
    """Return the most bytes alive during an update of a step besides those of before it."""
    objective = DEFAULT.objective(objective_of(spec, batch), networks)
    ready = DEFAULT.networks(networks)
    return max(_update_peak(update, index, plan, ready) for index, update in enumerate(objective.updates(1)))


def _update_peak(update: Update, index: int, plan: ModelPlan, networks: Networks) -> int:
    side, channels = plan.resolution, plan.image_channels
    at = Moment(index=index)
    latents, random = draws_of(0, update, at, plan.input_width, META)
    inputs = Inputs(
        real=torch.empty(update.images, side, side, channels, device=META).permute(0, 3, 1, 2),
        latents=latents.normal(plan.input_width),
        random=random,
    )
    with fused_attention(), LiveBytes() as memory:
        update.gradients(networks, inputs, at)
    return memory.peak


def _fixed_bytes(training: TrainingSpec, networks: Mapping[Role, nn.Module]) -> int:
    """Return the bytes of weights, their gradients and what the optimizer keeps of each, and of the averages."""
    fixed = 0
    for role, network in networks.items():
        if role != "discriminator":
            fixed += len(training.averages) * _bytes(_unique(network))
        numbers = AdamNumbers.of(training, role)
        kept = kept_per_weight(build_optimizer(adam_of(training, role), network.parameters(), numbers))
        fixed += (2 + sum(kept.values())) * _bytes(network.parameters())
    return fixed


def _unique(network: nn.Module) -> Iterable[torch.Tensor]:
    """Return weights and buffers; a tied weight, which has several names, once."""
    return {id(tensor): tensor for tensor in network.state_dict(keep_vars=True).values()}.values()


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
