"""Norms over the channels of a channels-last map: batch norm over everything else, layer norm, or pixel norm."""

from __future__ import annotations

from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.batch_statistics import Statistics, per_replica
from hitzoo.layers.in_float32 import at_least_float32

BATCH_NORM_EPSILON = 1e-3
BATCH_NORM_MOMENTUM = 0.01  # of the new batch: Keras calls the same thing 0.99
LAYER_NORM_EPSILON = 1e-6
PIXEL_NORM_EPSILON = 1e-8


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


class PixelNorm(nn.Module):
    """Divide each position by the root mean square of its channels: [..., C] -> [..., C]; there is nothing to learn.

    Source: Karras et al. 2018, section 4.2; TransGAN's token-wise scaling (Jiang et al. 2021) is the same.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise, in float32 at least."""
        wide = at_least_float32(x)
        return (wide * (wide.square().mean(dim=-1, keepdim=True) + PIXEL_NORM_EPSILON).rsqrt()).to(x.dtype)


Norm: TypeAlias = BatchNorm | nn.LayerNorm | PixelNorm | nn.Identity
"""A norm that a plan can name."""


def build_norm(kind: str, channels: int, *, layer_epsilon: float = LAYER_NORM_EPSILON) -> Norm:
    """Build the norm named by a plan: `batch`, `layer`, `pixel` or `none`; `layer_epsilon` is that of a layer norm."""
    match kind:
        case "batch":
            return BatchNorm(channels)
        case "layer":
            return nn.LayerNorm(channels, eps=layer_epsilon)
        case "pixel":
            return PixelNorm()
    assert kind == "none", f"no norm is called {kind}"
    return nn.Identity()
