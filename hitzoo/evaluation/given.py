"""Pictures that somebody has made, with whatever tool: a folder or a zip of squares of one size."""

from __future__ import annotations

from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.data.source import ImageSource
from hitzoo.errors import RequestError
from hitzoo.evaluation.pictures import Stored
from hitzoo.spec.types import DataSpec

_SYNTHETIC_SIDE = 64  # pixels


def open_given(location: str, count: int | None = None) -> Stored:
    """The pictures at `location`, or `count` of them; their side is that of the first, and nothing is resized.

    Raises:
        DataError: the place cannot be opened.
        RequestError: the first picture is no square, or there are fewer than `count`.
    """
    source = open_source(location, resolution=_SYNTHETIC_SIDE)
    if count is not None and count > len(source):
        raise RequestError(f"--samples {count}: {location} has {len(source):,} pictures")
    width, height = source.read(0).size
    if width != height:
        raise RequestError(_not_square(source.label(0), width, height) + "; crop them as your protocol says")
    return Stored(_OneSize(source, width), DataSpec(source=location, crop="none"), width, count)


class _OneSize:
    """A source that gives squares of one size only."""

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
    return f"{label} is {width}×{height} pixels; pictures to evaluate are squares of one size"
