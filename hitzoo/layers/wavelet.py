"""Parts of a discriminator of wavelet coefficients: every scale of an image enters by its Haar transform.

B batch, C channels, r side of a map. Maps are NCHW.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.equalized import Conv, Dense
from hitzoo.layers.equalized_linear import scaled_leaky_relu
from hitzoo.layers.fir import Blur
from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.layers.logit_head import minibatch_std
from hitzoo.layers.registry import register_block
from hitzoo.layers.stored_spectral_norm import StoredSpectralConv, StoredSpectralDense


def haar(image: torch.Tensor) -> torch.Tensor:
    """Orthonormal Haar transform of 2×2 pixels: [B, C, 2r, 2r] -> [B, 4C, r, r].

    Of the pixels a b / c d: the sum of all, top minus bottom, left minus right, and a − b − c + d, each halved; every
    band has all channels.
    """
    a, b, c, d = (image[..., y::2, x::2] for y in (0, 1) for x in (0, 1))
    top, bottom, left, right = a + b, c + d, a + c, b + d
    return 0.5 * torch.cat((top + bottom, top - bottom, left - right, (a + d) - (b + c)), dim=1)


@register_block("wavelet_input")
class WaveletInput(nn.Module):
    """Haar transform, convolution of size 1, leaky relu·√2: [B, image_channels, 2r, 2r] -> [B, C, r, r].

    Source: Zhang et al. 2022 (StyleSwin), section 3.4, after Gal et al. 2021 (SWAGAN).
    """

    def __init__(self, *, image_channels: int, channels: int, spectral: bool) -> None:
        super().__init__()
        self.conv = _conv(4 * image_channels, channels, 1, spectral=spectral)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return what one scale of the image adds to the map."""
        return scaled_leaky_relu(self.conv(haar(image)))


@register_block("conv_down")
class ConvDown(CheckpointedModule):
    """Two convolutions of size 3, the second after a blur and with stride 2: [B, C, r, r] -> [B, C', r/2, r/2].

    Each has a leaky relu·√2 after it; there is no skip. Source: Zhang et al. 2022 (StyleSwin), the published code.
    """

    def __init__(self, *, in_channels: int, out_channels: int, spectral: bool) -> None:
        super().__init__()
        self.conv1 = _conv(in_channels, in_channels, 3, spectral=spectral)
        self.blur = Blur(in_channels, padding=2)
        self.conv2 = _conv(in_channels, out_channels, 3, spectral=spectral, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the map at half the resolution."""
        return scaled_leaky_relu(self.conv2(self.blur(scaled_leaky_relu(self.conv1(x)))))


@register_block("wavelet_head")
class WaveletHead(nn.Module):
    """Deviation of the minibatch, convolution of size 3, two linear layers: [B, C, 4, 4] -> [B].

    The map is flattened in (c, h, w) order; under autocast the logit itself is computed in float32. With `spectral` the
    first linear layer has two biases, as the published weights have.
    """

    def __init__(self, *, channels: int, side: int, minibatch_std: int, spectral: bool) -> None:
        super().__init__()
        self.group = minibatch_std
        self.conv = _conv(channels + (1 if minibatch_std else 0), channels, 3, spectral=spectral)
        inner = side * side * channels
        self.hidden: nn.Module
        self.logit: nn.Module
        if spectral:
            self.hidden, self.logit = StoredSpectralDense(inner, channels, biases=2), StoredSpectralDense(channels, 1)
        else:
            self.hidden, self.logit = Dense(inner, channels, equalized=True), Dense(channels, 1, equalized=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One logit per image."""
        if self.group:
            x = torch.cat((x, minibatch_std(x, self.group)), dim=1)
        x = scaled_leaky_relu(self.conv(x))
        return outside_autocast(self.logit, scaled_leaky_relu(self.hidden(x.flatten(1)))).squeeze(1)


def _conv(inner: int, outer: int, size: int, *, spectral: bool, stride: int = 1) -> nn.Module:
    if spectral:
        return StoredSpectralConv(inner, outer, size, stride=stride)
    return Conv(inner, outer, size, equalized=True, stride=stride)
