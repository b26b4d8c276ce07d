"""Weights by the recipe of the golden vectors of style-based generators and of R3GAN: noise by name, then a·1 + s·v."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from hitzoo.families.official import Variable

Scales = dict[str, tuple[float, float]]
"""Mean and deviation by the end of a name; the first that fits is taken, "" fits all."""


def noise(name: str, shape: tuple[int, ...], salt: int = 0) -> np.ndarray:
    return np.random.default_rng([zlib.crc32(name.encode()), salt]).standard_normal(shape).astype(np.float32)


def fill(name: str, shape: tuple[int, ...], scales: Scales) -> torch.Tensor:
    mean, deviation = next(pair for end, pair in scales.items() if name.endswith(end))
    return torch.from_numpy(np.asarray(np.float32(mean) + np.float32(deviation) * noise(name, shape)))


def published(variables: Iterable[Variable], scales: Scales) -> dict[str, torch.Tensor]:
    """The tensors of a published file, those that hitzoo makes anew among them, spoilt."""
    own = {one.theirs: fill(one.theirs, one.shape, scales) for one in variables if one.ours and not one.optional}
    return own | {one.theirs: torch.full((4, 4), 9.0) for one in variables if not one.ours}


def filled(network: nn.Module, variables: Iterable[Variable], scales: Scales) -> nn.Module:
    """The network in evaluation with those weights, in float32."""
    state = network.state_dict()
    for one in variables:
        if one.ours and not one.optional:
            state[one.ours] = torch.from_numpy(one.to_ours(fill(one.theirs, one.shape, scales).numpy()))
    network.load_state_dict(state)
    return network.eval()
