"""A look at some of a data set's pictures, for choosing how to train on it."""

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

_MOST = 400  # pictures that are looked at
_PATIENCE = 20.0  # seconds; fewer are looked at where they are slow
_FEWEST = 20
_GREY = ("1", "L", "LA", "La", "I", "I;16", "F")
_CLEAR = ("LA", "La", "PA", "RGBA", "RGBa")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was seen of `count` pictures, by `seen` of them, spread evenly over the set; `sides` are their shorter ones.

    `aspect` is the median of longer over shorter side; `grey` and `clear` count those without colour and those with
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
        """How many could be read."""
        return len(self.sides)

    @property
    def median(self) -> int:
        """The shorter side of the picture in the middle, of two the smaller one's, as `hitzoo data check` says it."""
        return statistics.median_low(self.sides)

    def at_least(self, side: int) -> float:
        """The share of the pictures that need not be enlarged for squares of `side` pixels."""
        return sum(own >= side for own in self.sides) / len(self.sides)


def survey(location: str, progress: Callable[[int, int], None] = lambda done, total: None) -> Survey:
    """Look at up to 400 pictures of a data set, spread evenly over it; `progress` hears how many of how many.

    Raises:
        DataError: `location` is no source of images, or not one of them can be read.
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
        raise DataError(f"{location}: not one of {wanted:,} files is a readable image; `hitzoo data check` names them")
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
