"""The blocks of StyleGAN2's generator: the first map, modulated convolutions with noise, and images from maps.

B batch, C channels, r resolution. Maps are NCHW in channels-last memory.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.equalized_linear import scaled_leaky_relu
from hitzoo.layers.fir import FirUpsample
from hitzoo.layers.modulated_conv import ModulatedConv
from hitzoo.layers.registry import register_block
from hitzoo.layers.token_noise import token_noise


@register_block("learned_map")
class LearnedMap(nn.Module):
    """A first map that is the same for every image: [B] images -> [B, C, side, side]."""

    def __init__(self, *, side: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, channels, side, side))

    def forward(self, count: int) -> torch.Tensor:
        """Return the map of `count` images, which share its memory."""
        return self.weight.expand(count, -1, -1, -1)


@register_block("style_conv")
class StyleConv(nn.Module):
    """Modulated conv3×3, noise, bias, leaky relu · √2: [B, C, r, r], [B, style_dim] -> [B, C', side, side].

    `noise` is one number N(0, 1) per pixel, times a strength: `random`, made of an image's key and the layer's
    `number`; `constant`, the same stored map for every image; or `none`.
    Source: Karras et al. 2020, figure 2c.
    """

    noise: torch.Tensor

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        style_dim: int,
        side: int,
        up: bool = False,
        noise: str = "random",
        number: int = 0,
    ) -> None:
        super().__init__()
        self.side, self.kind, self.number = side, noise, number
        self.conv = ModulatedConv(in_channels, out_channels, 3, style_dim=style_dim, up=up)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        if noise != "none":
            self.strength = nn.Parameter(torch.zeros(()))
        if noise == "constant":
            self.register_buffer("noise", torch.randn(side, side))

    def forward(self, x: torch.Tensor, w: torch.Tensor, keys: torch.Tensor | None = None) -> torch.Tensor:
        """Return the block's map; `keys` [B] are those of the noise."""
        x = self.conv(x, w)
        if self.kind == "constant":
            x = x + (self.strength * self.noise).to(x.dtype)
        elif self.kind == "random" and keys is not None:
            noise = token_noise(keys, self.number, self.side**2).view(-1, 1, self.side, self.side)
            x = x + (self.strength * noise.to(self.strength.dtype)).to(x.dtype)
        return scaled_leaky_relu(x + self.bias.to(x.dtype)[:, None, None])


@register_block("style_rgb")
class StyleRGB(nn.Module):
    """Modulated conv1×1 without demodulation, and a bias: [B, C, r, r], [B, style_dim] -> [B, image_channels, r, r].

    The image of the resolution before is upsampled by [1, 3, 3, 1] and added.
    Source: Karras et al. 2020, figure 7b.
    """

    def __init__(self, *, channels: int, image_channels: int, style_dim: int, skip: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(channels, image_channels, 1, style_dim=style_dim, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(image_channels))
        self.upsample = FirUpsample(image_channels) if skip else None

    def forward(self, x: torch.Tensor, w: torch.Tensor, image: torch.Tensor | None = None) -> torch.Tensor:
        """Return the image so far."""
        own = self.conv(x, w) + self.bias.to(x.dtype)[:, None, None]
        if self.upsample is None or image is None:
            return own
        return own + self.enlarged(image)

    def enlarged(self, image: torch.Tensor) -> torch.Tensor:
        """Return the image before at this resolution."""
        return image if self.upsample is None else self.upsample(image)
