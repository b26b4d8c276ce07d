"""Gaussian noise on images, for derivatives by finite differences.

B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.layers.keyed_noise import WORD, normal
from hitzoo.objectives.batch_random import BatchRandom


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
        keys = random.integers(0, WORD)[: len(first)]
        return first + self.sigma * normal(keys, first[0].numel()).view(first.shape).to(first.dtype)
