"""The endless shuffled stream of training images, whose every position is known in advance.

Position n of the stream is image n mod N of epoch n div N's permutation, with its own draws for crop and flip: a run
that resumes at step s goes on at position s · batch, and any number of worker processes makes the same stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from hitzoo.data.source import ImageSource
from hitzoo.data.square import read_square
from hitzoo.errors import DataError, UnreadableImage
from hitzoo.runtime.seeding import Purpose, numpy_generator
from hitzoo.spec.types import DataSpec


class TrainingStream(Dataset[tuple[NDArray[np.uint8], tuple[UnreadableImage, ...]]]):
    """The stream by position. With `on_error: skip` an unreadable file gives way to the next of its epoch."""

    def __init__(self, source: ImageSource, data: DataSpec, resolution: int, seed: int) -> None:
        self.source = source
        self.data = data
        self.resolution = resolution
        self.seed = seed

    def __getitem__(self, position: int) -> tuple[NDArray[np.uint8], tuple[UnreadableImage, ...]]:
        epoch, place = divmod(position, len(self.source))
        order = _order(self.seed, epoch, len(self.source))
        unreadable: list[UnreadableImage] = []
        for index in np.roll(order, -place) if self.data.on_error == "skip" else order[place : place + 1]:
            try:
                return self._pixels(int(index), position), tuple(unreadable)
            except UnreadableImage as error:
                unreadable.append(error)
        raise self._stopping(unreadable)

    def _pixels(self, index: int, position: int) -> NDArray[np.uint8]:
        return read_square(
            self.source,
            index,
            resolution=self.resolution,
            channels=self.data.channels,
            crop=self.data.crop,
            crop_fraction=self.data.crop_fraction,
            flip=self.data.flip,
            random=numpy_generator(self.seed, Purpose.IMAGE, position),
        )

    def _stopping(self, unreadable: Sequence[UnreadableImage]) -> DataError:
        if self.data.on_error == "skip":
            return DataError(f"{self.source.location}: not one of its files ({len(self.source):,}) is a readable image")
        return DataError(
            f"{unreadable[0]}; remove the file, or go on without unreadable ones: --set data.on_error=skip"
        )


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return numpy_generator(seed, Purpose.ORDER, epoch).permutation(count)


def to_real(images: torch.Tensor, device: torch.device, *, channels_last: bool = True) -> torch.Tensor:
    """Bytes (B, R, R, C) to what the discriminator takes: [B, C, R, R] floats in [-1, 1]."""
    real = (images.to(device).float() / 127.5 - 1).permute(0, 3, 1, 2)
    return real if channels_last else real.contiguous()
