"""Rows of a generator's inputs as what its ports take.

B batch.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from hitzoo.layers.keyed_noise import keys_of
from hitzoo.plan.ports import Labels, Latent, Noise, NoiseKey, Port, columns_of


def split_inputs(rows: torch.Tensor, ports: Iterable[Port]) -> tuple[torch.Tensor, ...]:
    """Split rows [B, input_width] by port: a latent [B, dim], noise [B, *shape], keys and labels [B], whole numbers."""
    parts: list[torch.Tensor] = []
    for port, columns in columns_of(ports):
        part = rows[:, columns]
        match port:
            case Latent():
                parts.append(part)
            case Noise(shape):
                parts.append(part.unflatten(1, shape))
            case NoiseKey():
                parts.append(keys_of(part[:, 0]))
            case Labels(count):
                parts.append(_classes(part[:, 0], count))
    return tuple(parts)


def _classes(x: torch.Tensor, count: int) -> torch.Tensor:
    """⌊count · Φ(x)⌋: equal shares of the normal distribution."""
    return (count * torch.special.ndtr(x.double())).long().clamp(max=count - 1)
