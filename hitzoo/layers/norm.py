"""Norms over the channels of a channels-last map: batch norm over everything else, or layer norm."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.batch_statistics import Statistics, per_replica

BATCH_NORM_EPSILON = 1e-3
BATCH_NORM_MOMENTUM = 0.01  # of the new batch: Keras calls the same thing 0.99
LAYER_NORM_EPSILON = 1e-6


class BatchNorm(nn.Module):
    """Normalise each channel over all other axes: [..., C] -> [..., C].

    In training the batch's own statistics are used and update the running ones (the variance as its unbiased estimate);
    `statistics` chooses the images they are taken over.
    Source: Keras' BatchNormalization as the official HiT code uses it (epsilon 1e-3, momentum 0.99).
    Unlike torch's it has no batch counter among its buffers, so an average of weights can average all of them.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.momentum = BATCH_NORM_MOMENTUM
        self.epsilon = BATCH_NORM_EPSILON
        self.statistics: Statistics = per_replica

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise; in training by the batch's statistics, which update the running ones."""
        if self.training:
            return self.statistics(self, x)
        rows = x.reshape(-1, x.shape[-1])
        return F.batch_norm(rows, self.running_mean, self.running_var, self.weight, self.bias, eps=self.epsilon).view(
            x.shape
        )


def set_statistics(network: nn.Module, statistics: Statistics) -> None:
    """Set how all batch norms of a network take their training statistics."""
    for module in network.modules():
        if isinstance(module, BatchNorm):
            module.statistics = statistics


def build_norm(kind: str, channels: int) -> BatchNorm | nn.LayerNorm:
    """Build the norm named by a plan: `batch` or `layer`."""
    if kind == "batch":
        return BatchNorm(channels)
    return nn.LayerNorm(channels, eps=LAYER_NORM_EPSILON)
