"""Survey of a sample of a data set's images, for choosing how to train on it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitzoo.data.open import open_source
from hitzoo.errors import DataError, UnreadableImage

if TYPE_CHECKING:
    from hitzoo.data.source import ImageSource

_MOST = 400  # images in the sample
_PATIENCE = 20.0  # seconds; slow images make the sample smaller
_FEWEST = 20
_GREY = ("1", "L", "LA", "La", "I", "I;16", "F")
_CLEAR = ("LA", "La", "PA", "RGBA", "RGBa")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Survey of `count` images, `seen` of which were sampled evenly over the set; `sides` are their shorter sides.

    `aspect` is the median of longer over shorter side; `grey` and `clear` count images without colour and with
    transparency; `unreadable` those that could not be read.
    """

    location: str
    count: int
    sides: tuple[int, ...]
    aspect: float
    grey: int
    clear: int
    unreadable: int

    @property
    def seen(self) -> int:
        """Number of images read."""
        return len(self.sides)

    @property
    def median(self) -> int:
        """Median shorter side (of two middle ones the smaller), as in `hitzoo data check`."""
        return statistics.median_low(self.sides)

    def at_least(self, side: int) -> float:
        """Share of the images that need no enlarging for squares of `side` pixels."""
        return sum(own >= side for own in self.sides) / len(self.sides)


def survey(location: str, progress: Callable[[int, int], None] = lambda done, total: None) -> Survey:
    """Sample up to 400 images of a data set, spread evenly over it; `progress(done, total)` is called on the way.

    Raises:
        DataError: `location` is not a source of images, or none of them can be read.
    """
    source = open_source(location, resolution=64)
    total = len(source)
    wanted = min(total, _MOST)
    sizes: list[tuple[int, int]] = []
    modes: list[str] = []
    unreadable, began = 0, time.monotonic()
    for place in range(wanted):
        try:
            size, mode = _look(source, place * total // wanted)
        except UnreadableImage:
            unreadable += 1
        else:
            sizes.append(size)
            modes.append(mode)
        progress(place + 1, wanted)
        if len(sizes) >= _FEWEST and time.monotonic() - began > _PATIENCE:
            break
    if not sizes:
        raise DataError(f"{location}: none of {wanted:,} files is a readable image; `hitzoo data check` names them")
    return Survey(
        location=location,
        count=total,
        sides=tuple(min(size) for size in sizes),
        aspect=statistics.median(max(size) / min(size) for size in sizes),
        grey=sum(mode in _GREY for mode in modes),
        clear=sum(mode in _CLEAR for mode in modes),
        unreadable=unreadable,
    )


def _look(source: ImageSource, index: int) -> tuple[tuple[int, int], str]:
    image = source.read(index)
    return image.size, image.mode
