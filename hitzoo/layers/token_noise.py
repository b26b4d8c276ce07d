"""Noise with a learned strength, one number per position of a map.

B batch, F and S the map's two axes, C channels.
"""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.layers.keyed_noise import normal, stream_of


class TokenNoise(nn.Module):
    """x + strength · n with n ~ N(0, 1) at each position, the same for all channels: [B, F, S, C] -> [B, F, S, C].

    `number` tells the layers of a network apart. Source: TransGAN (Jiang et al. 2021), whose code has it in evaluation
    too; here the noise follows from a key per image, so that a seed means one image.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.strength = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
        """Add the noise of `keys` [B]; without keys there is none."""
        if keys is None:
            return x
        noise = token_noise(keys, self.number, x.shape[1] * x.shape[2]).view(x.shape[:-1])
        wide = noise.to(torch.promote_types(x.dtype, noise.dtype))
        return x + (self.strength * wide).to(x.dtype)[..., None]


def token_noise(keys: torch.Tensor, number: int, count: int) -> torch.Tensor:
    """Make `count` numbers N(0, 1) per key in float32, zeros where a key says so: [B] -> [B, count]."""
    streams = stream_of(keys, number)
    return normal(streams.clamp(min=0), count) * (streams >= 0)[:, None]
