"""What a generator makes: numbers that are pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hitzoo.sampling.pictures import to_picture, to_uint8


@dataclass(frozen=True, eq=False)
class Samples(Sequence[Image.Image]):
    """Generated images: a sequence of pictures, with the numbers behind them. A slice of it is one, too.

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

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...

    @overload
    def __getitem__(self, index: slice) -> Samples: ...

    def __getitem__(self, index: int | slice) -> Image.Image | Samples:
        if isinstance(index, slice):
            return Samples(self.raw[index], self.latents[index])
        return to_picture(self.pixels[index])
