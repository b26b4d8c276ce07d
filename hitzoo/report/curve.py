"""Curves of bounded size: records fall into equal ranges of images, which double in width as a run grows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hitzoo.training.run.metrics_file import OVER, WARNING, as_number, as_step

MOST_POINTS: Final = 256  # of a curve: about one for each pixel pair of a plot
_MOST_CURVES: Final = 200
_LONGEST_NAME: Final = 80  # letters
_NO_CURVE: Final = ("step", "images", "seconds")


@dataclass(frozen=True)
class Point:
    """The records of a range of images: their mean place and value, and the least and largest of them."""

    images: float
    mean: float
    low: float
    high: float


@dataclass
class Curve:
    """One quantity over the images shown, in up to `MOST_POINTS` points, however many records come.

    `left_out` counts records that were not finite. `last` is the newest value.
    """

    width: float = 1.0  # images of a range
    last: float = math.nan
    left_out: int = 0
    _ranges: dict[int, list[float]] = field(default_factory=dict)  # sum of images, sum, count, least, largest

    def add(self, images: float, value: float) -> None:
        """Take in a record."""
        if not math.isfinite(value):
            self.left_out += 1
            return
        self.last = value
        while images / self.width >= MOST_POINTS:
            self._widen()
        held = self._ranges.setdefault(int(images / self.width), [0.0, 0.0, 0, math.inf, -math.inf])
        _merge(held, [images, value, 1, value, value])

    def points(self) -> list[Point]:
        """Return what is drawn, in the order of images."""
        return [
            Point(images / count, value / count, low, high)
            for _, (images, value, count, low, high) in sorted(self._ranges.items())
        ]

    def _widen(self) -> None:
        self.width *= 2
        narrow, self._ranges = self._ranges, {}
        for place, held in narrow.items():
            _merge(self._ranges.setdefault(place // 2, [0.0, 0.0, 0, math.inf, -math.inf]), held)


def _merge(into: list[float], other: list[float]) -> None:
    for place in range(3):
        into[place] += other[place]
    into[3], into[4] = min(into[3], other[3]), max(into[4], other[4])


@dataclass
class Failure:
    """A known failure that a run told of, from the image it showed at to the one it was over at, if it was."""

    name: str
    begin: float
    end: float | None = None


@dataclass
class Curves:
    """The curves of a run by their keys in `metrics.jsonl`, and the failures it told of.

    `steps` holds the images per step, `records` the number of lines, `others` that of keys beyond the most that are
    kept.
    """

    values: dict[str, Curve] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    images_per_step: float = 0.0
    images: float = 0.0
    seconds: float = 0.0
    records: int = 0
    others: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]]) -> Curves:
        """Read lines of `metrics.jsonl`, in their order.

        A line without `images`, such as that of an evaluation alone, stands at its step's share of the last that has.
        """
        found = cls()
        for line in lines:
            found.see(line)
        return found

    def see(self, line: Mapping[str, Any]) -> None:
        """Take in a line; one without a place is passed over."""
        step, images = as_step(line.get("step")), as_number(line.get("images"))
        if images is None and step is not None and self.images_per_step:
            images = step * self.images_per_step
        if images is None or not 0 <= images < 1e15:
            return
        if step and as_number(line.get("images")) is not None:
            self.images_per_step = images / step
        self.records += 1
        self.images = max(self.images, images)
        self.seconds = max(self.seconds, as_number(line.get("seconds")) or 0.0)
        if isinstance(name := line.get(WARNING), str):
            self._tell(name[:_LONGEST_NAME], images, over=line.get(OVER) is True)
        for key, value in line.items():
            number = as_number(value)
            if number is not None and key not in _NO_CURVE:
                self._add(key[:_LONGEST_NAME], images, number)

    def _add(self, key: str, images: float, value: float) -> None:
        if key in self.values or len(self.values) < _MOST_CURVES:
            self.values.setdefault(key, Curve()).add(images, value)
        elif len(self.others) < _MOST_CURVES:
            self.others.add(key)

    def _tell(self, name: str, images: float, *, over: bool) -> None:
        showing = [one for one in self.failures if one.name == name and one.end is None]
        if over and showing:
            showing[-1].end = images
        elif not over and not showing and len(self.failures) < _MOST_CURVES:
            self.failures.append(Failure(name, images))
