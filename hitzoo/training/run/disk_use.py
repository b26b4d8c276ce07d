"""The disk space of a run: its checkpoints and grids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from hitzoo.training.engine.state import TrainState

_LINE = 300  # bytes of a line of metrics.jsonl


def checkpoint_bytes(state: TrainState) -> int:
    """Return the size of a checkpoint: networks, averages and optimizer state, which is there from the first update."""
    averages = (average.network for found in state.averages.values() for average in found)
    networks = (*state.networks.values(), *averages)
    weights = sum(_bytes(network.state_dict().values()) for network in networks)
    return weights + sum(_bytes(_tensors(optimizer.state_dict()["state"])) for optimizer in state.optimizers.values())


def run_bytes(
    *, checkpoint: int, kept: int, grid: int, steps: int, sample_every: int, log_every: int, evaluates: bool
) -> int:
    """Return the most a whole run takes: `kept` checkpoints, one being saved, the best, every grid, and the lines."""
    saved = kept + 1 + (1 if evaluates else 0)
    return saved * checkpoint + (steps // sample_every + 2) * grid + (steps // log_every) * _LINE


def _tensors(state: Any) -> Iterator[torch.Tensor]:
    values = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        else:
            yield from _tensors(value)


def _bytes(tensors: Iterable[Any]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if isinstance(tensor, torch.Tensor))
