"""What a generator makes: numbers that are pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hitzoo.inference.pictures import to_picture, to_uint8


@dataclass(frozen=True, eq=False)
class Samples:
    """Generated images: a sequence of pictures, with the numbers behind them.

    `raw` is the generator's float32 output, (N, R, R, C) and not clipped; `latents` the (N, latent_dim) it came from.
    """

    raw: NDArray[np.float32]
    latents: NDArray[np.float32]

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """(N, R, R, C) bytes: clipped to [-1, 1] and rounded to nearest."""
        return to_uint8(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, index: int) -> Image.Image:
        return to_picture(self.pixels[index])

    def __iter__(self) -> Iterator[Image.Image]:
        return (self[index] for index in range(len(self)))
