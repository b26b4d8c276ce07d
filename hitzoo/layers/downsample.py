"""Halving the resolution of a map in NCHW: blur-pool or average pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

_TAPS = (1.0, 3.0, 3.0, 1.0)


class BlurPool(nn.Module):
    """Blur with outer([1, 3, 3, 1])/64, padded by 1 with zeros, and keep every second pixel: r -> r/2 (Zhang 2019).

    A depthwise convolution: on CPUs it measured faster than three 2×2 average poolings, which are the same map.
    """

    kernel: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # made once: a copy to the device in every call would wait for it
        self.register_buffer("kernel", blur_kernel(channels), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the blurred map at half the resolution: [B, C, r, r] -> [B, C, r/2, r/2]."""
        return blur(x, self.kernel, stride=2, padding=1)


def blur(x: torch.Tensor, kernel: torch.Tensor, *, stride: int, padding: int) -> torch.Tensor:
    """Convolve each channel with its row of a kernel: [B, C, r, r], [C, 16] -> [B, C, r', r']."""
    if torch.compiler.is_compiling():
        return _blur(x, kernel, stride, padding)
    blurred: torch.Tensor = _Blur.apply(x, kernel, stride, padding)
    return blurred


def spread(x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Put zeros between the pixels and convolve each channel with its row of a kernel: r -> 2r.

    It is the way back through a blur that halves the resolution.
    """
    if torch.compiler.is_compiling() or not (torch.is_grad_enabled() and x.requires_grad):
        weight = kernel.view(-1, 1, 4, 4).to(x.dtype)
        return F.conv_transpose2d(x, weight, stride=2, padding=1, groups=len(weight))
    batch, channels, height, width = x.shape
    wide: torch.Tensor = _Spread.apply(x, kernel, torch.Size((batch, channels, 2 * height, 2 * width)), 2, 1)
    return wide


def blur_kernel(channels: int, total: float = 1.0) -> torch.Tensor:
    """Make outer([1, 3, 3, 1]) with the sum `total` for each channel: [C, 16]. Two axes fit maps of either format."""
    taps = torch.tensor(_TAPS)
    kernel = total * torch.outer(taps, taps) / taps.sum() ** 2
    return kernel.flatten().repeat(channels, 1)


def _blur(x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
    kernel = kernel.view(-1, 1, 4, 4).to(x.dtype)
    return F.conv2d(x, kernel, stride=stride, padding=padding, groups=len(kernel))


class _Blur(torch.autograd.Function):
    """The blur and `_Spread` are each other's derivatives; torch would take the second one channel by channel."""

    @staticmethod
    def forward(x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
        return _blur(x, kernel, stride, padding)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        x, kernel, ctx.stride, ctx.padding = inputs
        ctx.save_for_backward(kernel)
        ctx.shape = x.shape

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (kernel,) = ctx.saved_tensors
        return _Spread.apply(gradient, kernel, ctx.shape, ctx.stride, ctx.padding), None, None, None


class _Spread(torch.autograd.Function):
    """The blur's gradient by its input, for one by its output: [B, C, r', r'] -> [B, C, r, r].

    On CPUs in float32: in bfloat16 it measured 20 times as long.
    """

    @staticmethod
    def forward(
        gradient: torch.Tensor, kernel: torch.Tensor, shape: torch.Size, stride: int, padding: int
    ) -> torch.Tensor:
        wide = gradient.float() if gradient.device.type == "cpu" and gradient.dtype.itemsize < 4 else gradient
        channels_last = wide.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        x = torch.empty(shape, dtype=wide.dtype, device=wide.device, memory_format=layout)  # its shape alone is taken
        spread: torch.Tensor = torch.ops.aten.convolution_backward(
            wide, x, kernel.view(-1, 1, 4, 4).to(wide.dtype), None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0],
            len(kernel), [True, False, False],
        )[0]  # fmt: skip
        return spread.to(gradient.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        _, kernel, _, ctx.stride, ctx.padding = inputs
        ctx.save_for_backward(kernel)

    @staticmethod
    def backward(ctx: Any, direction: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (kernel,) = ctx.saved_tensors
        return _Blur.apply(direction, kernel, ctx.stride, ctx.padding), None, None, None, None


class AveragePool(nn.Module):
    """The mean of 2×2 pixels: r -> r/2."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution: [B, C, r, r] -> [B, C, r/2, r/2]."""
        return F.avg_pool2d(x, 2)


DOWNSAMPLERS: dict[str, Callable[[int], nn.Module]] = {"blur": BlurPool, "average": AveragePool}
"""By the word of a plan; each takes the channels of the map."""
