"""Samples made by several processes: which are whose, and how their features come together again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch

from hitzoo.evaluation.metrics import FeatureKind
from hitzoo.runtime.shard import Shard

Gather: TypeAlias = Callable[[torch.Tensor], Sequence[torch.Tensor] | None]
"""Collects a CPU tensor of one shape and type from each process: a list in their order on process 0, None elsewhere."""


def positions(shard: Shard, total: int) -> list[int]:
    """A process's positions, as many as every other's: the last may lie past `total` and are dropped again."""
    rows = -(-total // shard.count)
    return [shard.index + place * shard.count for place in range(rows)]


def joined(
    shard: Shard, own: Mapping[FeatureKind, torch.Tensor], total: int, gather: Gather | None
) -> dict[FeatureKind, torch.Tensor] | None:
    """The features of all `total` samples in the order of their positions; None on processes that do not lead."""
    if shard.count == 1:
        return dict(own)
    assert gather is not None, "several processes need a way to gather"
    whole = {kind: gather(rows) for kind, rows in own.items()}
    if shard.index:
        return None
    return {
        kind: torch.stack(list(parts), dim=1).flatten(0, 1)[:total]
        for kind, parts in whole.items()
        if parts is not None
    }
