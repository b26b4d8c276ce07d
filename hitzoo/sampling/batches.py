"""Batches of images divided among processes: in each round every process makes one, and together they stay in order.

What is divided are whole batches, not images: the last bits of an image can depend on how many are made at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.runtime.distributed import World


def batches_of(total: int, size: int) -> list[range]:
    """Divide `total` images into batches of `size`; the last may be smaller."""
    return [range(start, min(start + size, total)) for start in range(0, total, size)]


def rounds(batches: Sequence[range], processes: int) -> Iterator[Sequence[range]]:
    """Group the batches into rounds of one per process, by rank; the last round may have fewer."""
    for first in range(0, len(batches), processes):
        yield batches[first : first + processes]


def gather_round(
    world: World, batches: Sequence[range], own: NDArray[Any] | None, like: NDArray[Any], device: torch.device
) -> Iterator[tuple[range, NDArray[Any]]]:
    """Gather the rows of a round's batches in the first process, in order; nothing elsewhere.

    Args:
        own: this process's rows (B, …); None if the round has no batch for it.
        like: an array of the shape and dtype of the rows of the largest batch.
    """
    if world.size == 1:
        assert own is not None
        yield batches[0], own
        return
    rows = np.zeros_like(like)
    if own is not None:
        rows[: len(own)] = own
    for batch, found in zip(batches, world.gather(torch.from_numpy(rows), device) or (), strict=False):
        yield batch, found[: len(batch)].numpy()
