"""A few images of a run's data, read as training reads them: whether that works, and how long it takes."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hitzoo.data.open import open_source
from hitzoo.sampling.pictures import to_grid, to_picture
from hitzoo.spec.types import DataSpec
from hitzoo.training.engine.batches import batches
from hitzoo.training.engine.stream import TrainingStream

_READ = 64  # images
_SIDE = 6  # of a grid


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`images` there are in all; one takes so many `seconds` in one process; `some` of them are (N, R, R, C) bytes."""

    images: int
    seconds: float
    some: NDArray[np.uint8]


def read_some(location: str, data: DataSpec, resolution: int) -> Reading:
    """Read the first images of the training's stream.

    Raises:
        DataError: the images cannot be opened, or one cannot be read and is not to be skipped.
    """
    source = open_source(location, resolution=resolution)
    stream = TrainingStream(source, data, resolution, 0)
    began = time.perf_counter()
    batch = next(batches(stream, first=0, last=1, batch_size=_READ, workers=0))
    seconds = (time.perf_counter() - began) / _READ
    return Reading(images=len(source), seconds=seconds, some=batch.images.numpy())


def grid_bytes(reading: Reading | None, side: int, channels: int) -> int:
    """Of a grid of samples as a file: of real images as they are, without any as large as noise."""
    if reading is None:
        return _SIDE * _SIDE * side * side * channels
    file = io.BytesIO()
    to_picture(to_grid(reading.some[: _SIDE * _SIDE], _SIDE, _SIDE)).save(file, "PNG")
    return file.tell()
