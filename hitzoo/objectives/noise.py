"""Gaussian noise on images, for derivatives by finite differences.

B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch

from hitzoo.objectives.batch_random import BatchRandom

_WORD = (1 << 32) - 1
_RADIUS, _ANGLE = 0x9E3779B9, 0x3C6EF372  # two streams of numbers from one


@dataclass(frozen=True)
class Noise:
    """σ·ε with ε ~ N(0, I) on the first `fraction` of a batch.

    Micro-batches and processes have strided shards, so that their first parts together are the first part of the batch.
    """

    sigma: float
    fraction: float = 1.0

    def count(self, images: int) -> int:
        """Return the images of a batch, or of a part of it, that get noise."""
        return max(1, round(self.fraction * images))

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the noisy images: [B, C, R, R] -> [fraction·B, C, R, R]."""
        first = images[: self.count(len(images))]
        keys = random.integers(0, _WORD)[: len(first)]
        return first + self.sigma * normal(keys, first[0].numel()).view(first.shape).to(first.dtype)


def normal(keys: torch.Tensor, count: int) -> torch.Tensor:
    """Make `count` numbers N(0, 1) of every key from 0 to 2³² − 1: [B] -> [B, count] in float32.

    They follow from key and place alone, on whatever device, up to rounding: one number per image is drawn for a batch
    and sent, and none of an image that is another process's is made. By Box and Muller's transform of two uniform
    numbers, each a hash of key and place (Wellons' `lowbias32`).
    """
    places = torch.arange(-(-count // 2), device=keys.device)
    seeds = _mixed((_mixed(places)[None] + keys[:, None]) & _WORD)
    radius = (-2 * _uniform(seeds ^ _RADIUS).log()).sqrt()
    angle = 2 * pi * _uniform(seeds ^ _ANGLE)
    return torch.cat((radius * angle.cos(), radius * angle.sin()), dim=1)[:, :count]


def _uniform(seeds: torch.Tensor) -> torch.Tensor:
    """Hash words to numbers above 0 and at most 1."""
    return (_mixed(seeds).float() + 0.5) / (_WORD + 1)


def _mixed(words: torch.Tensor) -> torch.Tensor:
    """Permute words of 32 bits, held in int64, so that each bit depends on all."""
    words = ((words ^ (words >> 16)) * 0x7FEB352D) & _WORD
    words = ((words ^ (words >> 15)) * 0x846CA68B) & _WORD
    return words ^ (words >> 16)
