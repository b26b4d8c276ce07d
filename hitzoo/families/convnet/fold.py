"""The optimized convolutional generator: the batch norm between a block's convolutions goes into the first of them.

The norm before the first stays: a relu follows it, and its input is a sum that the skip connection needs too.

B batch, C channels, R resolution of the image. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.convnet.model import ConvnetGenerator
from hitzoo.fold.affine import Affine, affine_of, in_float64
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.fold.rewrites import before_norm, scale_and_shift
from hitzoo.layers.equalized import Conv
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.norm import BatchNorm
from hitzoo.layers.residual_up import ImageHead, ResidualUp


class OptimizedConvnet(OptimizedNetwork):
    """Latent to image as the generator it was made of, in evaluation: [B, latent_dim] -> [B, image_channels, R, R]."""

    def __init__(self, generator: ConvnetGenerator, kernels: Kernels) -> None:
        super().__init__()
        self.plan = generator.plan
        self.precision = kernels.like.dtype
        self.shape = generator.initial.shape
        self.initial = kernels.linear(affine_of(generator.initial.linear))
        self.blocks = nn.Sequential(*(OptimizedResidualUp(block, kernels) for block in _blocks(generator)))
        self.head = OptimizedImageHead(generator.head, kernels)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents, in float32."""
        first = self.initial(z.to(self.precision)).unflatten(-1, self.shape)
        return at_least_float32(self.head(self.blocks(first.permute(0, 3, 1, 2))))

    @property
    def why_not_pixelwise(self) -> str:
        """Every 3×3 convolution sees neighbours."""
        return "this model's convolutions mix pixels at every resolution"


class OptimizedResidualUp(nn.Module):
    """main + skip at twice the resolution: [B, C, r, r] -> [B, C', 2r, 2r]."""

    def __init__(self, block: ResidualUp, kernels: Kernels) -> None:
        super().__init__()
        self.norm = _PerChannel(block.norm1, kernels)
        self.conv1 = _Conv(before_norm(_affine_of(block.conv1), block.norm2), block.conv1, kernels)
        self.conv2 = _Conv(_affine_of(block.conv2), block.conv2, kernels)
        self.skip = _Conv(_affine_of(block.skip), block.skip, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The map at twice the resolution."""
        main = self.conv2(F.relu(self.conv1(_nearest(F.relu(self.norm(x))))))
        return main + _nearest(self.skip(x))


class OptimizedImageHead(nn.Module):
    """Norm - relu - conv3×3 - tanh: [B, C, R, R] -> [B, image_channels, R, R]."""

    def __init__(self, block: ImageHead, kernels: Kernels) -> None:
        super().__init__()
        self.norm = _PerChannel(block.norm, kernels)
        self.conv = _Conv(_affine_of(block.conv), block.conv, kernels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The image."""
        return torch.tanh(self.conv(F.relu(self.norm(x))))


class _PerChannel(nn.Module):
    """A batch norm in evaluation, as the scale and shift it is."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, norm: BatchNorm, kernels: Kernels) -> None:
        super().__init__()
        scale, shift = scale_and_shift(norm)
        self.register_buffer("scale", scale.to(kernels.like).view(-1, 1, 1))
        self.register_buffer("shift", shift.to(kernels.like).view(-1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addcmul(self.shift, x, self.scale)


class _Conv(nn.Module):
    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, layer: Affine, conv: Conv, kernels: Kernels) -> None:
        super().__init__()
        self.padding = conv.padding
        weight = layer.weight.view(conv.weight.shape).to(kernels.like)
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", layer.bias.to(kernels.like))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.weight, self.bias, padding=self.padding)


def _blocks(generator: ConvnetGenerator) -> list[ResidualUp]:
    return cast(list[ResidualUp], list(generator.blocks))


def _affine_of(conv: Conv) -> Affine:
    """A convolution as the linear layer it is of each neighbourhood: [C', C·size²]."""
    assert conv.gain == 1, "a generator's convolutions are not equalized"
    assert conv.bias is not None, "a generator's convolutions have a bias"
    return Affine(in_float64(conv.weight).flatten(1), in_float64(conv.bias))


def _nearest(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
