"""Samples: the numbers that a generator makes, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from math import ceil, sqrt
from typing import Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hitzoo.errors import RequestError
from hitzoo.sampling.pictures import PADDING, to_grid, to_picture, to_uint8

_SHOWN = 64  # images of a notebook's grid
_LEGIBLE = 128  # pixels per side, up to which a notebook shows each image enlarged
_WIDEST = 1024  # pixels of a notebook's grid


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Sequence[Image.Image]):
    """Generated images: a sequence of pictures with the numbers behind them. A slice of it is one, too, and so is
    a choice of some, `samples[[0, 2]]`.

        samples = generator.sample(seeds=range(16))
        samples[0].save("first.png")
        samples.grid(4, 4).save("grid.png")

    As the last value of a notebook's cell it is shown as a grid.

    Attributes:
        raw: the generator's output, float32 (N, R, R, C), about -1 to 1 and not clipped.
        latents: what they were made of, float32 (N, latent_dim).
    """

    raw: NDArray[np.float32]
    latents: NDArray[np.float32]

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The images as bytes (N, R, R, C): clipped to [-1, 1] and rounded to nearest."""
        return to_uint8(self.raw)

    def grid(self, rows: int | None = None, columns: int | None = None, *, padding: int = PADDING) -> Image.Image:
        """Lay the images out on one page, row by row; those beyond rows × columns are left out.

        Args:
            rows: by default as many as all images take.
            columns: by default as many as make the page nearly square.
            padding: pixels between and around the images.

        Raises:
            RequestError: there are no images, or no room for one.
        """
        if not len(self):
            raise RequestError("there are no images to lay out")
        for name, value, least in (("rows", rows, 1), ("columns", columns, 1), ("padding", padding, 0)):
            if value is not None and value < least:
                raise RequestError(f"{name} {value} is not possible; give {least} or more")
        columns = columns or ceil(len(self) / rows if rows else sqrt(len(self)))
        rows = rows or ceil(len(self) / columns)
        return to_picture(to_grid(self.pixels, rows, columns, padding))

    def __len__(self) -> int:
        return len(self.raw)

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...

    @overload
    def __getitem__(self, index: slice | list[int] | NDArray[Any]) -> Samples: ...

    def __getitem__(self, index: int | slice | list[int] | NDArray[Any]) -> Image.Image | Samples:
        if isinstance(index, list):
            index = np.asarray(index, dtype=None if index else np.intp)
        if isinstance(index, slice) or (
            isinstance(index, np.ndarray) and index.ndim == 1 and index.dtype.kind in "iub"
        ):
            return Samples(self.raw[index], self.latents[index])
        if isinstance(index, np.ndarray) or not isinstance(index, SupportsIndex):
            raise RequestError(f"samples[{index!r}]: give a number, a slice or a list of numbers")
        return to_picture(self.pixels[index])

    def __repr__(self) -> str:
        height, width, channels = self.raw.shape[1:]
        return f"Samples({len(self)} × {height}×{width}×{channels}, latents {'×'.join(map(str, self.latents.shape))})"

    def _repr_png_(self) -> bytes | None:
        """The first images as a grid, for notebooks; small ones enlarged."""
        if not len(self):
            return None
        shown = self[:_SHOWN].grid()
        side = self.raw.shape[1]
        scale = max(1, min(_LEGIBLE // side, _WIDEST // shown.width))
        if scale > 1:
            shown = shown.resize((scale * shown.width, scale * shown.height), Image.Resampling.NEAREST)
        elif shown.width > _WIDEST:
            shown.thumbnail((_WIDEST, 1 << 30))
        file = BytesIO()
        shown.save(file, format="PNG")
        return file.getvalue()
