"""Division of images among processes and micro-batches: shard s of S holds images s, s + S, s + 2·S, …

Strided shards keep groups whole that are strided in the same way, as in minibatch standard deviation and ghost norms,
wherever S divides the number of groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import torch

_Sequence = TypeVar("_Sequence", torch.Tensor, range)


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count`."""

    index: int = 0
    count: int = 1

    def of(self, whole: _Sequence) -> _Sequence:
        """Select this shard's entries of a tensor with one entry per image."""
        return whole[self.index :: self.count]

    def cut(self, index: int, count: int) -> Shard:
        """Return part `index` of `count` of this shard, as a shard of the whole."""
        return Shard(self.index + self.count * index, self.count * count)


WHOLE = Shard()
