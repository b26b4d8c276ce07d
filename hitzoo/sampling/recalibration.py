"""Recalibration: the statistics of a generator's batch norms, taken anew over samples of its weights as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.layers.batch_statistics import per_replica
from hitzoo.layers.norm import BatchNorm
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.runtime.seeding import Purpose, torch_generator
from hitzoo.spec.types import TrainingSpec

_PIXELS = 1 << 20  # of a batch
_FEWEST = 4  # images of a batch, where these have more pixels


@dataclass(frozen=True)
class Recalibration:
    """Whole batches of `size` samples, at least `latents` of them, whose latents follow from the seed."""

    latents: int
    size: int
    width: int
    seed: int

    @classmethod
    def of(cls, plan: ModelPlan, training: TrainingSpec, latents: int, seed: int) -> Recalibration:
        """Return batches of the images that batch norm takes in training, or a million pixels, on any machine."""
        group = training.norm_statistics if isinstance(training.norm_statistics, int) else training.batch_size
        size = min(group, max(_FEWEST, _PIXELS // plan.resolution**2))
        return cls(latents, size, plan.input_width, seed)

    @property
    def batches(self) -> int:
        """Number of batches."""
        return -(-self.latents // self.size)

    def batch(self, index: int) -> torch.Tensor:
        """Return the latents of a batch: [size, width], standard normal."""
        random = torch_generator(self.seed, Purpose.RECALIBRATION, index)
        return torch.randn(self.size, self.width, generator=random, dtype=torch.float32)


@torch.no_grad()
def recalibrate(network: nn.Module, how: Recalibration, world: World = ALONE) -> None:
    """Set each batch norm's running mean and variance to the mean of those of the batches.

    Every norm normalises a batch by the batch's own statistics, as in training: a layer sees what the layers before it
    then made. The processes of a `world`, which all call this, divide the batches; with any number of them, and
    whatever the statistics were before, the result is the same. Nothing else changes.
    Source: `torch.optim.swa_utils.update_bn`, which averages in this way (Izmailov et al. 2018, section 3.2).
    Differs: batches of one size, hence of equal weight; other modules stay in evaluation mode.

    Raises:
        RequestError: the network has no batch norm.
    """
    norms = batch_norms(network)
    if not norms:
        raise RequestError("the generator has no batch norm, so there are no statistics to take anew")
    like = next(network.parameters())
    width = sum(statistic.numel() for statistic in _statistics(norms))
    rows = torch.zeros(how.batches, width, device=like.device, dtype=like.dtype)
    with _taking_statistics(norms):
        for index in range(world.rank, how.batches, world.size):
            network(how.batch(index).to(like))
            rows[index] = torch.cat([statistic.flatten() for statistic in _statistics(norms)])
    means = world.all_reduce_sum(rows).cpu().double().mean(dim=0)  # a row is of one process, so its sum is exact
    parts = means.split([statistic.numel() for statistic in _statistics(norms)])
    for statistic, part in zip(_statistics(norms), parts, strict=True):
        statistic.copy_(part.view_as(statistic))


def batch_norms(network: nn.Module) -> list[Any]:
    """Return the modules with running statistics: ours, torch's, and what is made like these."""
    return [
        module
        for module in network.modules()
        if all(isinstance(getattr(module, name, None), torch.Tensor) for name in ("running_mean", "running_var"))
    ]


def _statistics(norms: list[Any]) -> list[torch.Tensor]:
    return [getattr(norm, name) for norm in norms for name in ("running_mean", "running_var")]


@contextmanager
def _taking_statistics(norms: list[Any]) -> Iterator[None]:
    """Let each norm's running statistics be those of its last batch alone, of this process; all is put back after."""
    before = [{name: buffer.clone() for name, buffer in norm.named_buffers()} for norm in norms]
    settings: list[tuple[bool, Any, Any]] = [
        (norm.training, norm.momentum, getattr(norm, "statistics", None)) for norm in norms
    ]
    try:
        for norm in norms:
            norm.train()
            norm.momentum = 1.0
            norm.running_mean.zero_()  # a number that is not finite would stay in 0 times it
            norm.running_var.fill_(1.0)
            if isinstance(norm, BatchNorm):
                norm.statistics = per_replica
        yield
    finally:
        for norm, buffers, (training, momentum, statistics) in zip(norms, before, settings, strict=True):
            norm.train(training)
            norm.momentum = momentum
            if isinstance(norm, BatchNorm):
                norm.statistics = statistics
            for name, buffer in norm.named_buffers():
                buffer.copy_(buffers[name])
