"""Samples divided among several processes, and the gathering of their features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch

from hitzoo.evaluation.metrics import FeatureKind
from hitzoo.runtime.shard import Shard

Gather: TypeAlias = Callable[[torch.Tensor], Sequence[torch.Tensor] | None]
"""Gathers a CPU tensor of one shape and dtype from each process: a list by rank on process 0, None elsewhere."""


def shard_positions(shard: Shard, total: int) -> list[int]:
    """Positions of a process, equally many for each; the last may exceed `total` and are dropped later."""
    rows = -(-total // shard.count)
    return [shard.index + place * shard.count for place in range(rows)]


def gather_features(
    shard: Shard, own: Mapping[FeatureKind, torch.Tensor], total: int, gather: Gather | None
) -> dict[FeatureKind, torch.Tensor] | None:
    """Gather the features of all `total` samples by position; None on all processes but the first."""
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
