"""The memory of training, measured without using any: the real step runs on the meta device, where tensors have shapes
but no contents, and every tensor that is made and freed on the way is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hitzoo.models.build import build
from hitzoo.plan.compile import ModelPlan
from hitzoo.plan.table import Row, discriminator_rows, generator_rows
from hitzoo.spec.types import Spec, TrainingSpec
from hitzoo.training.adversarial import LOSSES
from hitzoo.training.fused_attention import FusedAttention
from hitzoo.training.live_bytes import LiveBytes
from hitzoo.training.norm_practice import use_norm_statistics
from hitzoo.training.penalties import build_regularizers
from hitzoo.training.step import Objective, compute_gradients

META = torch.device("meta")
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes in float32.

    `activations` is what each part (by module path within its network) keeps for the backward pass, an image;
    `training_per_image` what the peak of a whole step grows by with each image of the batch; `training_fixed` weights,
    gradients, optimizer state and the average.
    """

    activations: dict[str, int]
    training_per_image: int
    training_fixed: int


def measure_footprint(spec: Spec, plan: ModelPlan) -> Footprint:
    """Run the spec's own step on the meta device; a second for the largest specs.

    The batch is large, since size costs nothing there: what does not grow with it becomes too small to count.
    """
    with META:
        generator, discriminator = build(plan)
    use_norm_statistics(generator, spec.training)
    group = spec.training.norm_statistics
    batch = math.lcm(_BATCH, spec.discriminator.minibatch_std or 1, group if isinstance(group, int) else 1)
    return Footprint(
        activations=_activations(plan, generator, discriminator, batch),
        training_per_image=_step_peak(spec, plan, generator, discriminator, batch) // batch,
        training_fixed=_fixed_bytes(spec.training, generator, discriminator),
    )


def _step_peak(spec: Spec, plan: ModelPlan, generator: nn.Module, discriminator: nn.Module, batch: int) -> int:
    """The most bytes alive during one step besides what exists before it."""
    objective = Objective(LOSSES[spec.training.loss], build_regularizers(spec.training.regularizers))
    z, real = _inputs(plan, batch)
    with FusedAttention(), LiveBytes() as memory:
        compute_gradients(generator, discriminator, objective, z, real, torch.Generator())
    return memory.peak


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


def _activations(plan: ModelPlan, generator: nn.Module, discriminator: nn.Module, batch: int) -> dict[str, int]:
    """What each part keeps for the backward pass of one image."""
    z, real = _inputs(plan, batch)
    saved = {
        "generator": _saved_by_parts(generator, generator_rows(plan.generator), z),
        "discriminator": _saved_by_parts(discriminator, discriminator_rows(plan.discriminator), real),
    }
    return {f"{part}.{name}": size // batch for part, sizes in saved.items() for name, size in sizes.items()}


def _saved_by_parts(network: nn.Module, rows: Iterable[Row], given: torch.Tensor) -> dict[str, int]:
    """Bytes saved for backward while each part of the table runs, every storage once, weights left out."""
    parts = {row.name: network.get_submodule(row.name) for row in rows}
    sizes = dict.fromkeys(parts, 0)
    seen = {tensor.untyped_storage()._cdata for tensor in network.state_dict().values()}
    kept: list[torch.Tensor] = []  # holds the storages, so that no address is given out twice
    current: list[str] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        key = tensor.untyped_storage()._cdata
        if current and key not in seen:
            seen.add(key)
            kept.append(tensor.detach())
            sizes[current[-1]] += tensor.untyped_storage().nbytes()
        return tensor

    def entering(name: str) -> Any:
        return lambda *_: current.append(name)

    handles = [part.register_forward_pre_hook(entering(name)) for name, part in parts.items()]
    handles += [part.register_forward_hook(lambda *_: (current.pop(), None)[1]) for part in parts.values()]
    with FusedAttention(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(given)
    for handle in handles:
        handle.remove()
    return sizes
