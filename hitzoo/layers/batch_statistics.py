"""The images over which a batch norm takes its statistics in training: per replica, synchronised, or in ghost groups.

On several devices the official runs normalise each replica's images separately; one large device then computes a
different algorithm unless it forms groups. All three practices leave the network the same in evaluation.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
import torch.distributed as dist
import torch.nn.functional as F


class BatchNormLike(Protocol):
    """The attributes of a batch norm that its statistics need."""

    running_mean: torch.Tensor
    running_var: torch.Tensor
    momentum: float
    epsilon: float

    @property
    def weight(self) -> torch.Tensor:
        """Scale: [C]."""

    @property
    def bias(self) -> torch.Tensor:
        """Shift: [C]."""


class Statistics(Protocol):
    """A practice: normalise [B, ..., C] by the statistics of some images, and update the running ones."""

    def __call__(self, norm: BatchNormLike, x: torch.Tensor) -> torch.Tensor:
        """The normalised, scaled and shifted map."""


def per_replica(norm: BatchNormLike, x: torch.Tensor) -> torch.Tensor:
    """Normalise over all images of this process, as the official code does on each of its replicas."""
    rows = x.reshape(-1, x.shape[-1])
    return F.batch_norm(
        rows, norm.running_mean, norm.running_var, norm.weight, norm.bias, True, norm.momentum, norm.epsilon
    ).view(x.shape)


def synchronised(norm: BatchNormLike, x: torch.Tensor) -> torch.Tensor:
    """Normalise over the images of all processes, equally many each: the same as one process with the whole batch."""
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return per_replica(norm, x)
    rows = x.reshape(-1, x.shape[-1])
    count = len(rows) * dist.get_world_size()
    mean = _total(rows.sum(dim=0)) / count
    centred = rows - mean
    variance = _total(centred.square().sum(dim=0)) / count
    with torch.no_grad():
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * count / (count - 1), norm.momentum)
    return (centred * (variance + norm.epsilon).rsqrt() * norm.weight + norm.bias).view(x.shape)


class _SumOverProcesses(torch.autograd.Function):
    """All-reduce sum, forward and backward."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        total = x.detach().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


def _total(x: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor = _SumOverProcesses.apply(x)
    return total


class GhostStatistics:
    """Normalise over groups of `size` images, as if each were a replica; running statistics take the groups' mean.

    Of G groups, group g holds images g, g + G, g + 2·G, …: the shard of process g of G processes.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, norm: BatchNormLike, x: torch.Tensor) -> torch.Tensor:
        """Normalise all groups as channels of their own; a batch smaller than a group is one group.

        The map is copied once each way, however many groups there are.
        """
        count = -(-len(x) // self.size)
        if count == 1:
            return per_replica(norm, x)
        if len(x) % count:
            return self._uneven(norm, x, count)
        channels = x.shape[-1]
        groups = x.reshape(len(x) // count, count, -1, channels).transpose(1, 2)  # a group's channels are columns
        means, variances = (norm.running_mean.new_zeros(count * channels) for _ in range(2))
        rows = F.batch_norm(
            groups.reshape(-1, count * channels),
            means,
            variances,
            _for_each_group(norm.weight, count),
            _for_each_group(norm.bias, count),
            True,
            1.0,
            norm.epsilon,
        )
        _take_in(norm, means.view(count, channels), variances.view(count, channels))
        return rows.view(groups.shape).transpose(1, 2).reshape(x.shape)

    def _uneven(self, norm: BatchNormLike, x: torch.Tensor, count: int) -> torch.Tensor:
        """Normalise groups whose sizes differ by one, one by one."""
        means, variances = (norm.running_mean.new_zeros(count, x.shape[-1]) for _ in range(2))
        normed = torch.empty_like(x)
        for g, (mean, variance) in enumerate(zip(means, variances, strict=True)):
            group = x[g::count]
            rows = group.reshape(-1, x.shape[-1])
            normed[g::count] = F.batch_norm(rows, mean, variance, norm.weight, norm.bias, True, 1.0, norm.epsilon).view(
                group.shape
            )
        _take_in(norm, means, variances)
        return normed


def _for_each_group(weight: torch.Tensor, count: int) -> torch.Tensor:
    """Repeat [C] to [G·C]; its gradient is summed from the last group to the first, as if each were normed in turn."""
    return torch.stack([weight] * count).flip(0).flatten()


def _take_in(norm: BatchNormLike, means: torch.Tensor, variances: torch.Tensor) -> None:
    """Update the running statistics by the mean of the groups', [G, C] each."""
    norm.running_mean.lerp_(means.mean(dim=0), norm.momentum)
    norm.running_var.lerp_(variances.mean(dim=0), norm.momentum)
