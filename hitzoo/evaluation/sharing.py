"""Samples divided among several processes, and the gathering of their features.

What is divided are whole batches, not samples: the last bits of an image can depend on how many are made at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import torch

from hitzoo.runtime.shard import Shard

Kind = TypeVar("Kind", bound=str)
Gather: TypeAlias = Callable[[torch.Tensor], Sequence[torch.Tensor] | None]
"""Gathers a CPU tensor of one shape and dtype from each process: a list by rank on process 0, None elsewhere."""


def shard_batches(shard: Shard, total: int, size: int) -> list[range]:
    """Batches of a process, every `shard.count`-th one; equally many for each, so the last may be empty."""
    rounds = -(-total // (size * shard.count))
    starts = (size * (shard.index + turn * shard.count) for turn in range(rounds))
    return [range(min(start, total), min(start + size, total)) for start in starts]


def gather_features(
    shard: Shard, own: Mapping[Kind, torch.Tensor], total: int, size: int, gather: Gather | None
) -> dict[Kind, torch.Tensor] | None:
    """Gather the features of all `total` samples by position; None on all processes but the first.

    Args:
        own: features of this process's batches of `size`, one after the other.
    """
    if shard.count == 1:
        return dict(own)
    assert gather is not None, "several processes need a way to gather"
    rounds = -(-total // (size * shard.count))
    whole = {kind: gather(_filled(rows, rounds * size)) for kind, rows in own.items()}
    if shard.index:
        return None
    return {
        kind: torch.stack([part.unflatten(0, (rounds, size)) for part in parts], dim=1).flatten(0, 2)[:total]
        for kind, parts in whole.items()
        if parts is not None
    }


def _filled(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Add rows of zeros, of which nothing is used, up to `count`."""
    return torch.cat([rows, rows.new_zeros(count - len(rows), *rows.shape[1:])])
