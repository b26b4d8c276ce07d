"""Truncation: less variety, better pictures. Of styles towards their mean where a generator has them, else of latents.

N samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hitzoo.layers.mapping import MappingNetwork
from hitzoo.plan.ports import Port
from hitzoo.sampling.latents import truncated

_LATENTS_OF_MEAN = 4096
_SEED_OF_MEAN = 0


@contextmanager
def truncation(
    network: nn.Module, rows: NDArray[np.float32], ports: Iterable[Port], factor: float
) -> Iterator[NDArray[np.float32]]:
    """Inside, the network's images of the rows given (N, input_width) are truncated.

    A mapping network moves its styles towards their mean: the stored one, or that of 4,096 latents that are always the
    same. Other generators get their latents multiplied by `factor`; noise and labels stay.
    """
    mappings = [module for module in network.modules() if isinstance(module, MappingNetwork)]
    if not mappings:
        yield truncated(rows, ports, factor)
        return
    try:
        for mapping in mappings:
            mapping.truncate(factor, _latents)
        yield rows
    finally:
        for mapping in mappings:
            mapping.truncate(1.0, _latents)


def set_center(mapping: MappingNetwork) -> None:
    """Let a mapping network know its mean style, of which none is truncated yet."""
    mapping.truncate(0.5, _latents)
    mapping.truncate(1.0, _latents)


def _latents(width: int) -> torch.Tensor:
    return torch.from_numpy(np.random.RandomState(_SEED_OF_MEAN).standard_normal((_LATENTS_OF_MEAN, width)))
