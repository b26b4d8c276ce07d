"""StyleGAN2's optimized generator: what does not depend on the image is multiplied out once.

That is the gains of equalized learning rates, the squares of the kernels that demodulation sums, and the rectifiers'
√2, which goes into what is before them. Noise, bias and demodulation are one operation then.

B batch, C channels, r resolution of a stage, R resolution of the image. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.stylegan2_generator.model import Stylegan2Generator, StyleStage
from hitzoo.fold.affine import in_float64
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.layers.equalized_linear import SLOPE
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.modulated_conv import EPSILON, ModulatedConv
from hitzoo.layers.style_conv import StyleConv, StyleRGB
from hitzoo.layers.token_noise import token_noise

_GAIN = math.sqrt(2)


class OptimizedStylegan2(OptimizedNetwork):
    """Rows to images as the generator it was made of: [B, input_width] -> [B, image_channels, R, R] in float32."""

    def __init__(self, generator: Stylegan2Generator, kernels: Kernels) -> None:
        super().__init__()
        self.plan = generator.plan
        self.ports = generator.plan.takes
        self.precision = kernels.like.dtype
        self.mapping = generator.mapping  # as precise as it is; truncation finds it here
        self.register_buffer("initial", generator.initial.weight.detach().to(kernels.like))
        stages = cast(list[StyleStage], list(generator.stages))
        self.stages = nn.ModuleList(OptimizedStyleStage(stage, kernels) for stage in stages)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The images of a batch of rows, whose keys of noise are read before they are rounded."""
        z, *keys = split_inputs(rows, self.ports)
        w = self.mapping.at_places(z, None, self.plan.styles)
        x = cast(torch.Tensor, self.initial).expand(rows.shape[0], -1, -1, -1)
        image: torch.Tensor | None = None
        for index, stage in enumerate(self.stages):
            own = w[:, max(0, 2 * index - 1) : 2 * index + 2]  # as in the generator
            x, image = stage(x, image, own, keys[0] if keys else None)  # layers without drawn noise leave the key
        assert image is not None, "there are two stages at least"
        return at_least_float32(image)

    @property
    def why_not_pixelwise(self) -> str:
        """Every 3×3 convolution sees neighbours."""
        return "this model's convolutions mix pixels at every resolution"


class OptimizedStyleStage(nn.Module):
    """One resolution: [B, C', r/2, r/2] -> [B, C, r, r], and the image so far."""

    def __init__(self, stage: StyleStage, kernels: Kernels) -> None:
        super().__init__()
        self.up = None if stage.up is None else OptimizedStyleConv(stage.up, kernels)
        self.conv = OptimizedStyleConv(stage.conv, kernels)
        self.to_rgb = OptimizedStyleRGB(stage.to_rgb, kernels)

    def forward(
        self, x: torch.Tensor, image: torch.Tensor | None, w: torch.Tensor, keys: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return map and image; `w` [B, 2 or 3, style_dim] holds the styles of the blocks in order."""
        *convs, last = w.unbind(dim=1)
        if self.up is not None:
            x = self.up(x, convs[0], keys)
        x = self.conv(x, convs[-1], keys)
        return x, self.to_rgb(x, last, image)


class OptimizedStyleConv(nn.Module):
    """Modulated conv3×3, noise, bias, leaky relu · √2."""

    weight: torch.Tensor
    energy: torch.Tensor
    bias: torch.Tensor
    noise: torch.Tensor | None

    def __init__(self, block: StyleConv, kernels: Kernels) -> None:
        super().__init__()
        conv = block.conv
        self.side, self.number, self.random = block.side, block.number, block.kind == "random"
        self.style, self.blur, self.padding = conv.style, conv.blur, conv.padding
        weight = _scaled(conv)
        squares = weight.square().sum(dim=(2, 3))  # [C', C]
        weight = weight.transpose(0, 1) if conv.blur is not None else weight
        like = kernels.like
        self.register_buffer("weight", weight.to(like).contiguous(memory_format=torch.channels_last))
        self.register_buffer("energy", squares.to(like.device, conv.weight.dtype))
        self.register_buffer("bias", (_GAIN * in_float64(block.bias)).to(like)[:, None, None])
        stored = block.noise * block.strength if block.kind == "constant" else None
        self.register_buffer("noise", None if stored is None else (_GAIN * stored.detach()).to(like))
        self.strength = _GAIN * block.strength.detach() if self.random else None

    def forward(self, x: torch.Tensor, w: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
        """Return the block's map."""
        scale = self.style(w)
        shift = self.bias if self.noise is None else self.bias + self.noise
        x = x * scale.to(x.dtype)[:, :, None, None]
        if self.blur is None:
            x = F.conv2d(x, self.weight, padding=self.padding)
        else:
            x = self.blur(F.conv_transpose2d(x, self.weight, stride=2))
        factor = _GAIN * torch.rsqrt(F.linear(scale.square(), self.energy) + EPSILON)  # [B, C']
        x = torch.addcmul(shift, x, factor.to(x.dtype)[:, :, None, None])
        if self.strength is not None and keys is not None:
            noise = token_noise(keys, self.number, self.side**2).view(-1, 1, self.side, self.side)
            x = x + (self.strength * noise).to(x.dtype)
        return F.leaky_relu(x, SLOPE)


class OptimizedStyleRGB(nn.Module):
    """Modulated conv1×1 and bias, added to the image of the resolution before."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, block: StyleRGB, kernels: Kernels) -> None:
        super().__init__()
        self.style, self.upsample = block.conv.style, block.upsample
        self.register_buffer("weight", _scaled(block.conv).to(kernels.like).flatten(1))
        self.register_buffer("bias", block.bias.detach().to(kernels.like))

    def forward(self, x: torch.Tensor, w: torch.Tensor, image: torch.Tensor | None) -> torch.Tensor:
        """Return the image so far; three output channels are few enough to scale the kernel instead of the map."""
        weight = self.weight * self.style(w).to(x.dtype)[:, None]  # [B, K, C]
        pixels = torch.baddbmm(self.bias[:, None], weight, x.flatten(2))
        own = pixels.unflatten(2, x.shape[2:])
        return own if self.upsample is None or image is None else own + self.upsample(image)


def _scaled(conv: ModulatedConv) -> torch.Tensor:
    return in_float64(conv.weight) * conv.gain
