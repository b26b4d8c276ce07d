"""Report of `hitzoo data check` on a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hitzoo.data.fits import Fit, fitting
from hitzoo.data.ignored_files import IgnoredFiles
from hitzoo.data.remarks import of_copies, of_number, of_sizes

Size = tuple[int, int]  # width, height in pixels


@dataclass(frozen=True)
class DataReport:
    """Contents of a data set. The histograms count the readable images, most frequent first.

    Sizes are those after the Exif rotation; modes and formats are Pillow's names ("RGB", "JPEG"). `copies` pairs each
    image that has the same pixels as an earlier one with that one; `animated` counts files whose first frame is used.
    `resolution` is the side of the model's images that the set was compared with, None without a comparison.
    """

    location: str
    count: int  # readable or not
    bad: tuple[tuple[str, str], ...]  # name and reason
    sizes: Mapping[Size, int]
    modes: Mapping[str, int]
    formats: Mapping[str, int]
    copies: tuple[tuple[str, str], ...] = ()
    animated: int = 0
    ignored_files: IgnoredFiles = field(default_factory=IgnoredFiles)
    resolution: int | None = None

    @property
    def readable(self) -> int:
        """Number of images that can be decoded."""
        return self.count - len(self.bad)

    @property
    def non_square(self) -> int:
        """Number of readable images that are not square."""
        return sum(count for (width, height), count in self.sizes.items() if width != height)

    @property
    def smallest(self) -> Size | None:
        """Smallest width and smallest height, not always of one image; None if nothing is readable."""
        return (min(width for width, _ in self.sizes), min(height for _, height in self.sizes)) if self.sizes else None

    @property
    def largest(self) -> Size | None:
        """Largest width and largest height, not always of one image; None if nothing is readable."""
        return (max(width for width, _ in self.sizes), max(height for _, height in self.sizes)) if self.sizes else None

    @property
    def shorter_sides(self) -> dict[int, int]:
        """Count the readable images by shorter side in pixels, from the smallest."""
        sides: Counter[int] = Counter()
        for size, count in self.sizes.items():
            sides[min(size)] += count
        return dict(sorted(sides.items()))

    @property
    def median_side(self) -> int | None:
        """Median shorter side (of two middle ones the smaller); None if nothing is readable."""
        seen = 0
        for side, count in self.shorter_sides.items():
            seen += count
            if 2 * seen >= self.readable:
                return side
        return None

    @property
    def aspects(self) -> tuple[float, float] | None:
        """Smallest and largest width over height; None if nothing is readable."""
        ratios = [width / height for width, height in self.sizes]
        return (min(ratios), max(ratios)) if ratios else None

    @property
    def fits(self) -> tuple[Fit, ...]:
        """Shipped specs for which at least half of the images are large enough."""
        return fitting(self.shorter_sides)

    @property
    def remarks(self) -> list[str]:
        """Warnings about the data set."""
        return [*of_number(self.readable), *of_sizes(self.sizes, self.resolution), *of_copies(len(self.copies))]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; sizes are written "WIDTHxHEIGHT"."""
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
            "left_aside": self.ignored_files.to_json(),
            "fits": [
                {"spec": spec, "resolution": fit.resolution, "smaller": fit.smaller}
                for fit in self.fits
                for spec in fit.specs
            ],
            "remarks": self.remarks,
        }
