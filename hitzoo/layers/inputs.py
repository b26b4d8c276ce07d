"""Rows of a generator's inputs as what its ports take.

B batch.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from hitzoo.layers.keyed_noise import keys_of
from hitzoo.plan.ports import Labels, Latent, Noise, NoiseKey, Port, columns_of


def split_inputs(
    rows: torch.Tensor, ports: Iterable[Port], dtype: torch.dtype | None = None
) -> tuple[torch.Tensor, ...]:
    """Split rows [B, input_width] by port: a latent [B, dim], noise [B, *shape], keys and labels [B], whole numbers.

    Latents and noise are cast to `dtype`. A key or a class must not be rounded: the next number is another one.
    """
    parts: list[torch.Tensor] = []
    dtype = rows.dtype if dtype is None else dtype
    for port, columns in columns_of(ports):
        part = rows[:, columns]
        match port:
            case Latent():
                parts.append(part.to(dtype))
            case Noise(shape):
                parts.append(part.to(dtype).unflatten(1, shape))
            case NoiseKey():
                parts.append(keys_of(part[:, 0]))
            case Labels(count):
                parts.append(classes_of(part[:, 0], count))
    return tuple(parts)


def classes_of(x: torch.Tensor, count: int) -> torch.Tensor:
    """Classes that numbers [B] stand for, ⌊count · Φ(x)⌋: equal shares of the normal distribution.

    A NaN is of some class: an index out of bounds would end a CUDA process.
    """
    return (count * torch.special.ndtr(x.double())).long().clamp(0, count - 1)
