"""Check of a data set: reads every image once and reports its contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import TypeVar

from PIL import Image

from hitzoo.data.ignored_files import ignored_files
from hitzoo.data.open import open_source
from hitzoo.data.report import DataReport, Size
from hitzoo.data.sides import check_side
from hitzoo.data.square import errors_as_unreadable
from hitzoo.data.transform import prepare
from hitzoo.errors import UnreadableImage

Key = TypeVar("Key")

_SIDE = 32  # pixels: of synthetic images, and of the squares that are made as a test
_PIXELS_AT_ONCE = 1 << 22


def check(
    location: str, *, resolution: int | None = None, progress: Callable[[int, int], None] | None = None
) -> DataReport:
    """Decode every image at `location` and make it square; unreadable ones are listed, not raised as errors.

    `resolution` is the side of a model's images, to compare with; synthetic images are drawn at it (else 32), and of
    TFRecords of several sizes it selects one. `progress(done, total)` is called after each image.

    Raises:
        DataError: `location` is not a source of images.
        RequestError: `resolution` is too large.
    """
    if resolution is not None:
        check_side(resolution)
    source = open_source(location, resolution=_SIDE if resolution is None else resolution)
    found = _Findings()
    for index in range(len(source)):
        name = source.label(index)
        try:
            with errors_as_unreadable(source, index):
                found.add(name, source.read(index))
        except UnreadableImage as error:
            found.bad.append((error.name, error.reason))
        if progress is not None:
            progress(index + 1, len(source))
    return DataReport(
        location,
        len(source),
        tuple(found.bad),
        _ranked(found.sizes),
        _ranked(found.modes),
        _ranked(found.formats),
        copies=tuple(found.copies),
        animated=found.animated,
        ignored_files=ignored_files(source, looking_inside=True),
        resolution=resolution,
    )


class _Findings:
    """Counts over the images seen so far."""

    def __init__(self) -> None:
        self.bad: list[tuple[str, str]] = []
        self.sizes: Counter[Size] = Counter()
        self.modes: Counter[str] = Counter()
        self.formats: Counter[str] = Counter()
        self.copies: list[tuple[str, str]] = []
        self.animated = 0
        self._names: dict[bytes, str] = {}  # by the pixels

    def add(self, name: str, image: Image.Image) -> None:
        """Count an image; an exception leaves it uncounted."""
        prepare(image, resolution=_SIDE, channels=3, crop="center", crop_fraction=1.0, flip=False, random=None)
        first = self._names.setdefault(_digest(image), name)
        if first != name:
            self.copies.append((name, first))
        self.sizes[image.size] += 1
        self.modes[image.mode] += 1
        self.formats[image.format or "none"] += 1
        self.animated += bool(image.info.get("frames"))


def _digest(image: Image.Image) -> bytes:
    """Digest of an image's pixels, strip by strip to bound memory."""
    digest = blake2b(f"{image.mode} {image.size} {image.info.get('transparency')!r}".encode(), digest_size=16)
    digest.update(bytes(image.getpalette() or ()))
    width, height = image.size
    rows = max(1, _PIXELS_AT_ONCE // width)
    for top in range(0, height, rows):
        whole = top == 0 and rows >= height
        strip = image if whole else image.crop((0, top, width, min(height, top + rows)))
        digest.update(strip.tobytes())
    return digest.digest()


def _ranked(counts: Counter[Key]) -> dict[Key, int]:
    return dict(counts.most_common())
