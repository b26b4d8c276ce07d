"""Random numbers drawn for the global batch, so that processes and micro-batches together see what one batch would."""

from __future__ import annotations

from collections.abc import Callable

import torch

from hitzoo.runtime.shard import WHOLE, Shard


class Draws:
    """Random numbers an image, drawn for the global batch on the CPU and handed out for one shard of it."""

    def __init__(self, random: torch.Generator, batch_size: int, shard: Shard = WHOLE) -> None:
        self.random, self.batch_size, self.shard = random, batch_size, shard

    def normal(self, width: int) -> torch.Tensor:
        """N(0, 1): [B, width]."""
        return self._take(lambda: torch.randn(self.batch_size, width, generator=self.random))

    def uniform(self) -> torch.Tensor:
        """One number in [0, 1) an image: [B]."""
        return self._take(lambda: torch.rand(self.batch_size, generator=self.random))

    def integers(self, low: int, high: int) -> torch.Tensor:
        """One whole number from `low` to `high`, both possible, an image: [B]."""
        return self._take(lambda: torch.randint(low, high + 1, (self.batch_size,), generator=self.random))

    def _take(self, draw: Callable[[], torch.Tensor]) -> torch.Tensor:
        return self.shard.of(draw())
