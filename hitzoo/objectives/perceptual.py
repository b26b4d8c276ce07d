"""A perceptual distance between images: squared differences of a frozen network's features.

B images in [-1, 1], C channels, R pixels per side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.backbones.efficientnet_lite import FrozenNetwork, build_pyramid
from hitzoo.backbones.vgg16 import build_vgg16, fetch_lpips_weights, find_lpips_weights
from hitzoo.backbones.weights import fetch_weights, find_weights
from hitzoo.layers.in_float32 import at_least_float32

Features: TypeAlias = Literal["lpips", "efficientnet", "random"]

_EFFICIENTNET = "tf_efficientnet_lite0"
_SEED = 20211101
_WIDTHS = (16, 32, 64)
_EPSILON = 1e-10


class Perceptual:
    """The distance of Zhang et al. 2018, equation 1: per map, unit vectors at every place, their weighted squares.

    `lpips` is VGG16's with its learned weights (version 0.1); `efficientnet` is that of the four maps of
    EfficientNet-Lite0, and `random` that of three random convolutions, for tests, both with a weight of 1 for every
    channel: neither is LPIPS. Weights are read at the first call, once for each device.
    """

    def __init__(self, features: Features) -> None:
        self.features: Features = features
        self._made: dict[torch.device, tuple[nn.Module, tuple[torch.Tensor, ...]]] = {}

    def __call__(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """Return the distances of pairs [B, C, R, R], a number each: [B]. The gradient leads to both.

        Raises:
            RequestError, WeightsError: the network's weights are not on this machine.
        """
        network, weights = self._on(real.device)
        maps = zip(network(real), network(fake), strict=True)
        apart = [_unit(one).sub(_unit(other)).square() for one, other in maps]
        weighted = (one * row[:, None, None] for one, row in zip(apart, weights, strict=True)) if weights else apart
        return torch.stack([one.sum(dim=1).mean(dim=(1, 2)) for one in weighted]).sum(dim=0)

    def _on(self, device: torch.device) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
        if device not in self._made:
            network, weights = _build(self.features, shapes_only=device.type == "meta")
            self._made[device] = network.to(device), tuple(row.to(device) for row in weights)
        return self._made[device]


def fetch(features: Features, note: Callable[[str], None]) -> None:
    """Download what a distance needs and this machine has not, after a word to `note`.

    Raises:
        RequestError, WeightsError: it cannot be had.
    """
    if features == "lpips":
        fetch_lpips_weights(note)
    elif features == "efficientnet":
        fetch_weights(_EFFICIENTNET, "", note)


def _build(features: Features, *, shapes_only: bool) -> tuple[nn.Module, Sequence[torch.Tensor]]:
    if features == "random":
        return FrozenNetwork(_RandomConvs()), ()
    if features == "efficientnet":
        tensors = None if shapes_only else find_weights(_EFFICIENTNET).tensors
        return build_pyramid(_EFFICIENTNET, tensors), ()
    weights = None if shapes_only else find_lpips_weights()
    return build_vgg16(weights), () if weights is None else weights.linear


def _unit(maps: torch.Tensor) -> torch.Tensor:
    """Return unit vectors over the channels, in float32; the root has a slope where all are 0."""
    maps = at_least_float32(maps)
    return maps / (maps.square().sum(dim=1, keepdim=True) + _EPSILON).sqrt()


class _RandomConvs(nn.Module):
    """Three convolutions of stride 2 with weights of NumPy's `RandomState`, whose stream never changes."""

    def __init__(self) -> None:
        super().__init__()
        random, inner = np.random.RandomState(_SEED), 3
        self.convs = nn.ModuleList()
        for outer in _WIDTHS:
            conv: Any = nn.Conv2d(inner, outer, 3, stride=2, padding=1)
            values = random.standard_normal((outer, inner, 3, 3)) * (2 / (9 * inner)) ** 0.5
            conv.weight = nn.Parameter(torch.from_numpy(values.astype(np.float32)).to(torch.get_default_dtype()))
            conv.bias = nn.Parameter(torch.zeros(outer))
            self.convs.append(conv)
            inner = outer

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        x = images if images.shape[1] == 3 else images[:, :1].expand(-1, 3, -1, -1)
        maps = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
            maps.append(x)
        return maps
