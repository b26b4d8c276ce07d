"""Gaussian noise on images, for derivatives by finite differences.

B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.objectives.batch_random import BatchRandom

_KEYS = 1 << 32


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
        keys = random.integers(0, _KEYS - 1)[: self.count(len(images))]
        first = images[: len(keys)]
        return first + self.sigma * _normal(keys, first)


def _normal(keys: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Draw N(0, 1) from a generator per image, on the CPU: a micro-batch need not draw what is not its own."""
    if like.device.type == "meta":
        return torch.empty_like(like)
    drawn = torch.empty(like.shape)
    for row, key in zip(drawn, keys.tolist(), strict=True):
        torch.randn(row.shape, generator=torch.Generator().manual_seed(key), out=row)
    return drawn.to(like.device, like.dtype, non_blocking=True)
