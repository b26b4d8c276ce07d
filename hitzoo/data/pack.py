"""Packing of any source's images, square and of one size, into a zip file that is fast to read.

The layout is that of NVlabs' dataset_tool.py (StyleGAN2-ADA and later): 00000/img00000000.png … and a dataset.json;
members are stored uncompressed, since PNGs are compressed already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.data.opening import opening_notes
from hitzoo.data.packed import packed_before, refuse_different_image
from hitzoo.data.parallel_map import parallel_map
from hitzoo.data.sides import check_side
from hitzoo.data.source import ImageSource
from hitzoo.data.square import errors_as_unreadable, read_square
from hitzoo.errors import DataError, RequestError, UnreadableImage
from hitzoo.neighbours import remove_leftovers
from hitzoo.targets import file_target, is_taken

_AT_ONCE, _PIXELS_AT_ONCE = 16, 1 << 20  # images sent together between processes: worth the overhead, and not too large
_WORTH_A_PROCESS = 64  # images; a process takes about as long to start
_PNG_LEVEL = 4  # zlib's; level 6 takes up to 1.6 times as long for the same size, 1 is 5 % larger and as slow to decode
_MOST_WORKERS = 1024
_LABELS = b'{"labels": null}'  # dataset.json: no classes


@dataclass(frozen=True, kw_only=True)
class Square:
    """Conversion of each image: a crop, then `resolution` × `resolution` pixels of `channels` bytes.

    The names are those of the spec's `data`; training on the packed file at this resolution, with `crop: center` and a
    `crop_fraction` of 1, sees exactly the pixels that it would make from the source with these settings.
    """

    resolution: int
    channels: int = 3
    crop: str = "center"
    crop_fraction: float = 1.0

    def __post_init__(self) -> None:
        check_side(self.resolution)
        if self.channels not in (1, 3, 4):
            raise RequestError(f"channels {self.channels}: give 1, 3 or 4")
        if self.crop not in ("center", "none"):
            raise RequestError(f"crop {self.crop!r}: give center or none; random crops are made during training")
        if not 0 < self.crop_fraction <= 1:
            raise RequestError(f"crop fraction {self.crop_fraction}: give more than 0 and at most 1")


@dataclass(frozen=True)
class PackReport:
    """Result of packing, with name and reason of each image left out; `size` is the zip file's, in bytes."""

    location: str
    out: str
    packed: int
    size: int
    square: Square
    skipped: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "location": self.location,
            "out": self.out,
            "packed": self.packed,
            "size": self.size,
            "resolution": self.square.resolution,
            "channels": self.square.channels,
            "crop": self.square.crop,
            "crop_fraction": self.square.crop_fraction,
            "skipped": [{"name": name, "reason": reason} for name, reason in self.skipped],
        }


def pack(
    location: str,
    out: Path,
    square: Square,
    *,
    workers: int | None = None,
    on_error: str = "stop",
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> PackReport:
    """Write the images at `location` to the zip file `out`, in their order and numbered without gaps.

    The same images and Pillow give the same bytes for any number of `workers` (processes; None: one per core).
    `on_error` is "stop" or "skip". `out` is written completely or not at all. `progress(done, total)` is called after
    images; `note` is called at the beginning with a message on files that are not read.

    Raises:
        DataError: not a source of images; an unreadable image, unless `on_error` is "skip"; no readable image.
        OutputError: `out` exists with other images and not `force`, or cannot be written.
        RequestError: `out` does not end in .zip, or `workers` is less than 1.
    """
    _refuse(out, workers, on_error)
    remove_leftovers(out)
    source = open_source(location, resolution=square.resolution)
    if note is not None:
        for line in opening_notes(source, square.resolution, for_training=False):
            note(line)
    skipped: list[tuple[str, str]] = []
    images = _encoded(source, square, workers or _enough_workers(len(source)))
    with closing(images), packed_before(out, force=force) as there, file_target(out, force=force) as temporary:
        with ZipFile(temporary, "w") as file:
            for done, image in enumerate(images):
                if isinstance(image, UnreadableImage):
                    skipped.append(_left_out(image, on_error))
                else:
                    name = _name(done - len(skipped))
                    refuse_different_image(out, there, name, image)
                    _add(file, name, image)
                if progress is not None:
                    progress(done + 1, len(source))
            _add(file, "dataset.json", _LABELS)
        if len(skipped) == len(source):
            raise DataError(f"data {location!r}: none of its images ({len(source):,}) is readable")
    return PackReport(location, str(out), len(source) - len(skipped), out.stat().st_size, square, tuple(skipped))


def _refuse(out: Path, workers: int | None, on_error: str) -> None:
    """Reject impossible requests before any work."""
    if out.suffix.lower() != ".zip":
        raise RequestError(f"{out}: the name of the packed file must end in .zip")
    if workers is not None and not 1 <= workers <= _MOST_WORKERS:
        raise RequestError(f"workers {workers}: give 1 to {_MOST_WORKERS:,}")
    if on_error not in ("stop", "skip"):
        raise RequestError(f"on error {on_error!r}: give stop or skip")
    is_taken(out)  # report a folder of that name at once


def _left_out(image: UnreadableImage, on_error: str) -> tuple[str, str]:
    if on_error == "stop":
        raise DataError(f"{image}; remove it from the source, or skip unreadable images: --on-error skip")
    return image.name, image.reason


def _enough_workers(count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 1 + count // _WORTH_A_PROCESS)


def _name(number: int) -> str:
    return f"{number // 1000:05}/img{number:08}.png"


def _add(file: ZipFile, name: str, content: bytes) -> None:
    """Add a member, uncompressed and without time stamp or host system."""
    member = ZipInfo(name)
    member.create_system = 3  # Unix, so that permissions apply
    member.external_attr = 0o644 << 16
    file.writestr(member, content)


@dataclass(frozen=True)
class _Encoding:
    """Encodes images as PNG files; sent to worker processes."""

    source: ImageSource
    square: Square

    def __call__(self, indices: range) -> list[bytes | UnreadableImage]:
        return [self._encode(index) for index in indices]

    def _encode(self, index: int) -> bytes | UnreadableImage:
        grey = self.square.channels == 1
        try:
            with errors_as_unreadable(self.source, index):
                pixels = read_square(self.source, index, **asdict(self.square), flip=False, random=None)
                stream = BytesIO()
                Image.fromarray(pixels[:, :, 0] if grey else pixels).save(stream, "PNG", compress_level=_PNG_LEVEL)
                return stream.getvalue()
        except UnreadableImage as error:
            return error


def _encoded(source: ImageSource, square: Square, workers: int) -> Generator[bytes | UnreadableImage]:
    """Encode every image of `source` as a PNG file, or give the reason it cannot be read."""
    step = max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // square.resolution**2))
    indices = range(len(source))
    parts = (indices[first : first + step] for first in indices[::step])
    try:
        with closing(parallel_map(_Encoding(source, square), parts, processes=workers)) as results:
            for images in results:
                yield from images
    except BrokenProcessPool as error:
        raise DataError("a worker process was killed, perhaps for lack of memory; use fewer: --workers 1") from error
