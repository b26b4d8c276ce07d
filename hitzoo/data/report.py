"""What `hitzoo data check` finds out about a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hitzoo.data.fits import Fit, fitting
from hitzoo.data.left_aside import LeftAside
from hitzoo.data.remarks import of_copies, of_number, of_sizes

Size = tuple[int, int]  # width, height in pixels


@dataclass(frozen=True)
class DataReport:
    """What a data set holds. The histograms count the readable images, most frequent first.

    Sizes are those after the Exif turn; modes and formats are Pillow's names ("RGB", "JPEG"). `copies` names each image
    that has the very pixels of an earlier one, and that one; `animated` counts files of which the first frame is taken.
    `resolution` is the side of a model that the set was held against, None for none.
    """

    location: str
    count: int  # readable or not
    bad: tuple[tuple[str, str], ...]  # name and reason
    sizes: Mapping[Size, int]
    modes: Mapping[str, int]
    formats: Mapping[str, int]
    copies: tuple[tuple[str, str], ...] = ()
    animated: int = 0
    left_aside: LeftAside = field(default_factory=LeftAside)
    resolution: int | None = None

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
        return (min(width for width, _ in self.sizes), min(height for _, height in self.sizes)) if self.sizes else None

    @property
    def largest(self) -> Size | None:
        """The greatest width and the greatest height, not always of one image; None where nothing is readable."""
        return (max(width for width, _ in self.sizes), max(height for _, height in self.sizes)) if self.sizes else None

    @property
    def shorter_sides(self) -> dict[int, int]:
        """The readable images by their shorter side, in pixels, from the smallest."""
        sides: Counter[int] = Counter()
        for size, count in self.sizes.items():
            sides[min(size)] += count
        return dict(sorted(sides.items()))

    @property
    def median_side(self) -> int | None:
        """The shorter side of the middle image (of two the smaller one's); None where nothing is readable."""
        seen = 0
        for side, count in self.shorter_sides.items():
            seen += count
            if 2 * seen >= self.readable:
                return side
        return None

    @property
    def aspects(self) -> tuple[float, float] | None:
        """The least and the greatest width over height; None where nothing is readable."""
        ratios = [width / height for width, height in self.sizes]
        return (min(ratios), max(ratios)) if ratios else None

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The shipped specs that at least half of the images are large enough for."""
        return fitting(self.shorter_sides)

    @property
    def remarks(self) -> list[str]:
        """What is likely to disappoint."""
        return [*of_number(self.readable), *of_sizes(self.sizes, self.resolution), *of_copies(len(self.copies))]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; sizes are written "WIDTHxHEIGHT"."""
        sides = list(self.shorter_sides)
        return {
            "location": self.location,
            "count": self.count,
            "readable": self.readable,
            "bad": [{"name": name, "reason": reason} for name, reason in self.bad],
            "sizes": {f"{width}x{height}": count for (width, height), count in self.sizes.items()},
            "smallest": self.smallest and list(self.smallest),
            "largest": self.largest and list(self.largest),
            "shorter_side": {"smallest": sides[0], "median": self.median_side, "largest": sides[-1]} if sides else None,
            "aspect": self.aspects and [round(ratio, 4) for ratio in self.aspects],
            "non_square": self.non_square,
            "modes": dict(self.modes),
            "formats": dict(self.formats),
            "animated": self.animated,
            "copies": [{"name": name, "of": first} for name, first in self.copies],
            "left_aside": self.left_aside.to_json(),
            "fits": [
                {"spec": spec, "resolution": fit.resolution, "smaller": fit.smaller}
                for fit in self.fits
                for spec in fit.specs
            ],
            "remarks": self.remarks,
        }
