"""Halving the resolution of a map in NCHW: blur-pool or average pooling."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.in_float32 import in_float32_on_cpu

_TAPS = (1.0, 3.0, 3.0, 1.0)


class BlurPool(nn.Module):
    """Blur with outer([1, 3, 3, 1])/64, padded by 1 with zeros, and keep every second pixel: r -> r/2 (Zhang 2019).

    A depthwise convolution: on CPUs its double backward measured half the time of three 2×2 average poolings.
    """

    kernel: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        taps = torch.tensor(_TAPS)
        kernel = torch.outer(taps, taps) / taps.sum() ** 2
        # made once: a copy to the device in every call would wait for it; two axes fit maps of either memory format
        self.register_buffer("kernel", kernel.flatten().repeat(channels, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the blurred map at half the resolution: [B, C, r, r] -> [B, C, r/2, r/2]."""
        return in_float32_on_cpu(_depthwise, x, self.kernel)


def _depthwise(x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, kernel.view(-1, 1, 4, 4), stride=2, padding=1, groups=len(kernel))


class AveragePool(nn.Module):
    """The mean of 2×2 pixels: r -> r/2."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution: [B, C, r, r] -> [B, C, r/2, r/2]."""
        return F.avg_pool2d(x, 2)


DOWNSAMPLERS: dict[str, Callable[[int], nn.Module]] = {"blur": BlurPool, "average": AveragePool}
"""By the word of a plan; each takes the channels of the map."""
