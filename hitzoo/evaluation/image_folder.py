"""Images made by any tool: a folder or a zip of squares of one size."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.data.source import ImageSource
from hitzoo.errors import RequestError
from hitzoo.evaluation.pictures import StoredImages
from hitzoo.spec.types import DataSpec

_SYNTHETIC_SIDE = 64  # pixels
_SINGLE = re.compile(r"(seed|latent)\d+\.\w+")  # file names of `hitzoo sample`
_GRID = re.compile(r"grid\d*\.\w+")


def open_image_folder(
    location: str, count: int | None = None, *, note: Callable[[str], None] = lambda message: None
) -> StoredImages:
    """Open the images at `location`, or `count` of them; all have the side of the first, and none is resized.

    Grids that `hitzoo sample` wrote beside its images are left out and reported to `note`.

    Raises:
        DataError: the location cannot be opened.
        RequestError: the first image is not square, or there are fewer than `count`.
    """
    source = _without_grids(open_source(location, resolution=_SYNTHETIC_SIDE), note)
    if count is not None and count > len(source):
        raise RequestError(f"--samples {count}: {location} has {len(source):,} pictures")
    width, height = source.read(0).size
    if width != height:
        raise RequestError(_not_square(source.label(0), width, height) + "; crop them as your protocol says")
    return StoredImages(_FixedSize(source, width), DataSpec(source=location, crop="none"), width, count)


def _without_grids(source: ImageSource, note: Callable[[str], None]) -> ImageSource:
    """Leave out `grid.png` beside `seed0000.png`; elsewhere the name may belong to an ordinary image."""
    names = [source.label(index).rpartition("/")[2] for index in range(len(source))]
    if not any(_SINGLE.fullmatch(name) for name in names):
        return source
    kept = [index for index, name in enumerate(names) if not _GRID.fullmatch(name)]
    if len(kept) == len(names):
        return source
    left_out = [name for name in names if _GRID.fullmatch(name)]
    more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
    note(f"left out: {left_out[0]}{more}, grids of the images beside them")
    return _Subset(source, kept)


class _Subset:
    """A subset of another source."""

    def __init__(self, source: ImageSource, indices: Sequence[int]) -> None:
        self._source, self._indices = source, indices
        self.location = source.location

    def __len__(self) -> int:
        return len(self._indices)

    def label(self, index: int) -> str:
        return self._source.label(self._indices[index])

    def read(self, index: int) -> Image.Image:
        return self._source.read(self._indices[index])

    def fingerprint(self) -> str:
        return self._source.fingerprint()


class _FixedSize:
    """A source that admits squares of one size only."""

    def __init__(self, source: ImageSource, side: int) -> None:
        self._source, self._side = source, side
        self.location = source.location

    def __len__(self) -> int:
        return len(self._source)

    def label(self, index: int) -> str:
        return self._source.label(index)

    def read(self, index: int) -> Image.Image:
        image = self._source.read(index)
        if image.size != (self._side, self._side):
            first = f"the first one, {self._source.label(0)}, is {self._side}×{self._side}"
            raise RequestError(f"{_not_square(self.label(index), *image.size)}; {first}")
        return image

    def fingerprint(self) -> str:
        return self._source.fingerprint()


def _not_square(label: str, width: int, height: int) -> str:
    return f"{label} is {width}×{height} pixels; images to evaluate must be squares of one size"
