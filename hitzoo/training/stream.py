"""The endless shuffled stream of training images, whose every position is known in advance.

Position n of the stream is image n mod N of epoch n div N's permutation, with its own draws for crop and flip: a run
that resumes at step s goes on at position s · batch, and any number of worker processes makes the same stream.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from hitzoo.data.source import ImageSource
from hitzoo.data.square import read_square
from hitzoo.errors import DataError, RunError, UnreadableImage
from hitzoo.inference.shard import WHOLE, Shard
from hitzoo.models.seeding import Purpose, numpy_generator
from hitzoo.spec.types import DataSpec


@dataclass(frozen=True)
class Batch:
    """Images (B, R, R, C) as bytes, and the files that could not be read on the way to them.

    `failed` is set instead where the run must stop: an error cannot cross from a worker process with its type.
    """

    images: torch.Tensor
    unreadable: tuple[UnreadableImage, ...] = ()
    failed: DataError | None = None


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


class _Steps(Sampler[list[int]]):
    """The positions of a shard of each step's batch, from `first` to `last` (exclusive) steps."""

    def __init__(self, first: int, last: int, batch_size: int, shard: Shard) -> None:
        self.first, self.last, self.batch_size, self.shard = first, last, batch_size, shard

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(self.first, self.last):
            yield list(self.shard.of(range(step * self.batch_size, (step + 1) * self.batch_size)))

    def __len__(self) -> int:
        return self.last - self.first


class _Batches(Dataset[Batch]):
    """A stream read a batch at a time, so that what went wrong travels with the images."""

    def __init__(self, stream: TrainingStream) -> None:
        self.stream = stream

    def __getitem__(self, positions: list[int]) -> Batch:
        images: list[NDArray[np.uint8]] = []
        unreadable: dict[str, UnreadableImage] = {}
        for position in positions:
            try:
                image, skipped = self.stream[position]
            except DataError as error:
                return Batch(torch.empty(0), failed=error)
            images.append(image)
            unreadable.update({error.name: error for error in skipped})
        return Batch(torch.from_numpy(np.stack(images)), tuple(unreadable.values()))


def batches(
    stream: TrainingStream,
    *,
    first: int,
    last: int,
    batch_size: int,
    workers: int,
    shard: Shard = WHOLE,
    pinned: bool = False,
) -> Iterator[Batch]:
    """A shard of the batches of steps `first` to `last` (exclusive), decoded in `workers` processes (0: in this one).

    `pinned` images lie in memory that a CUDA device can fetch from while it computes.

    Raises:
        DataError: a file that cannot be read, unless the spec says to skip it; or no file that can.
        RunError: a worker process was killed.
    """
    loader: DataLoader[Batch] = DataLoader(
        _Batches(stream),
        sampler=_Steps(first, last, batch_size, shard),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=2 if workers else None,
        worker_init_fn=_leave_signals_to_the_run,
    )
    for batch in _explaining_lost_workers(loader):
        if batch.failed is not None:
            raise batch.failed
        yield replace(batch, images=batch.images.pin_memory()) if pinned else batch


def _leave_signals_to_the_run(worker: int) -> None:
    """What asks the whole process group to stop is for the run, which still needs images for the step it finishes."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _explaining_lost_workers(loader: DataLoader[Batch]) -> Iterator[Batch]:
    try:
        yield from loader
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise RunError(
            "a process that decodes images was killed, as by a system without free memory (or shared memory: /dev/shm);"
            " go on with --resume and fewer of them: --workers 1"
        ) from error


def to_real(images: torch.Tensor, device: torch.device, *, channels_last: bool = True) -> torch.Tensor:
    """Bytes (B, R, R, C) to what the discriminator takes: [B, C, R, R] floats in [-1, 1]."""
    real = (images.to(device, non_blocking=True).float() / 127.5 - 1).permute(0, 3, 1, 2)
    return real if channels_last else real.contiguous()
