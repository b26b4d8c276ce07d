"""Random numbers drawn for the global batch, so that processes and micro-batches together see what one batch would."""

from __future__ import annotations

from collections.abc import Callable

import torch

from hitzoo.runtime.shard import WHOLE, Shard


class BatchRandom:
    """Per-image random numbers, drawn for the global batch on the CPU and sliced for this shard."""

    def __init__(self, random: torch.Generator, batch_size: int, shard: Shard = WHOLE) -> None:
        self.random, self.batch_size, self.shard = random, batch_size, shard

    def normal(self, width: int) -> torch.Tensor:
        """N(0, 1): [B, width]."""
        return self._take(lambda: torch.randn(self.batch_size, width, generator=self.random))

    def uniform(self) -> torch.Tensor:
        """One number in [0, 1) per image: [B]."""
        return self._take(lambda: torch.rand(self.batch_size, generator=self.random))

    def integers(self, low: int, high: int) -> torch.Tensor:
        """One integer from `low` to `high`, both included, per image: [B]."""
        return self._take(lambda: torch.randint(low, high + 1, (self.batch_size,), generator=self.random))

    def _take(self, draw: Callable[[], torch.Tensor]) -> torch.Tensor:
        return self.shard.of(draw())
