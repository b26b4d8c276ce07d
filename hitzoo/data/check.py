"""Reads every image of a data set once and says what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hitzoo.data.open import open_source
from hitzoo.errors import UnreadableImage

Size = tuple[int, int]  # width, height in pixels
Key = TypeVar("Key")


@dataclass(frozen=True)
class DataReport:
    """What a data set holds. The histograms count the readable images, most frequent first.

    Sizes are those after the Exif turn; modes and formats are Pillow's names ("RGB", "JPEG").
    """

    location: str
    count: int  # readable or not
    bad: tuple[tuple[str, str], ...]  # name and reason
    sizes: Mapping[Size, int]
    modes: Mapping[str, int]
    formats: Mapping[str, int]

    @property
    def readable(self) -> int:
        """How many images can be decoded."""
        return self.count - len(self.bad)

    @property
    def non_square(self) -> int:
        """How many readable images are not as wide as high."""
        return sum(count for (width, height), count in self.sizes.items() if width != height)

    @property
    def smallest(self) -> Size | None:
        """The least width and the least height, not always of one image; None where nothing is readable."""
        return _each_side(min, self.sizes)

    @property
    def largest(self) -> Size | None:
        """The greatest width and the greatest height, not always of one image; None where nothing is readable."""
        return _each_side(max, self.sizes)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; sizes are written "WIDTHxHEIGHT"."""
        return {
            "location": self.location,
            "count": self.count,
            "readable": self.readable,
            "bad": [{"name": name, "reason": reason} for name, reason in self.bad],
            "sizes": {f"{width}x{height}": count for (width, height), count in self.sizes.items()},
            "smallest": self.smallest and list(self.smallest),
            "largest": self.largest and list(self.largest),
            "non_square": self.non_square,
            "modes": dict(self.modes),
            "formats": dict(self.formats),
        }


def check(location: str, *, resolution: int = 32, progress: Callable[[int, int], None] | None = None) -> DataReport:
    """Decode every image at `location`; unreadable ones are listed, not raised.

    `resolution` matters to synthetic images and to records of several sizes only. `progress` is called after each image
    with how many are done and how many there are. Raises `DataError` where `location` is no source of images.
    """
    source = open_source(location, resolution=resolution)
    bad: list[tuple[str, str]] = []
    sizes: Counter[Size] = Counter()
    modes: Counter[str] = Counter()
    formats: Counter[str] = Counter()
    for index in range(len(source)):
        try:
            image = source.read(index)
        except UnreadableImage as error:
            bad.append((error.name, error.reason))
        else:
            sizes[image.size] += 1
            modes[image.mode] += 1
            formats[image.format or "none"] += 1
        if progress is not None:
            progress(index + 1, len(source))
    return DataReport(location, len(source), tuple(bad), _ranked(sizes), _ranked(modes), _ranked(formats))


def _ranked(counts: Counter[Key]) -> dict[Key, int]:
    return dict(counts.most_common())


def _each_side(pick: Callable[[list[int]], int], sizes: Mapping[Size, int]) -> Size | None:
    if not sizes:
        return None
    return pick([width for width, _ in sizes]), pick([height for _, height in sizes])
