"""Places for the labels of points so that they cover neither each other nor a point; plain geometry, in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_DIRECTIONS = 16
_DISTANCES = (16, 21, 28, 40, 56, 76)  # pixels between a point's centre and the nearest of its label
_OUTSIDE, _LABEL, _POINT = 8.0, 4.0, 4.0  # the cost of a pixel covered, against one of distance


@dataclass(frozen=True)
class Box:
    """A rectangle by its lower left and upper right corners."""

    left: float
    low: float
    right: float
    high: float

    def common(self, other: Box) -> float:
        """Return the area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.high, other.high) - max(self.low, other.low)
        return max(0.0, width) * max(0.0, height)

    @property
    def area(self) -> float:
        """Width times height."""
        return (self.right - self.left) * (self.high - self.low)


def place_labels(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], frame: Box, *, radius: float = 6.0
) -> list[Box]:
    """Place a label of each size (width, height) beside its point, inside the frame if there is room.

    The labels of points with most neighbours are placed first; each takes the place that covers least, and of those
    the nearest.
    """
    discs = [Box(x - radius, y - radius, x + radius, y + radius) for x, y in points]
    reach = 2 * max((width for width, _ in sizes), default=0)
    order = sorted(range(len(points)), key=lambda index: -_neighbours(points, index, reach))
    placed: dict[int, Box] = {}
    for index in order:
        placed[index] = _best(_places(points[index], sizes[index]), [*placed.values()], discs, frame)
    return [placed[index] for index in range(len(points))]


def _neighbours(points: Sequence[tuple[float, float]], index: int, reach: float) -> int:
    return sum(math.dist(points[index], other) < reach for other in points)


def _places(point: tuple[float, float], size: tuple[float, float]) -> list[tuple[float, Box]]:
    """Return boxes around a point with their distances: right of it first, then left, above, below, and between."""
    (x, y), (width, height) = point, size
    places = []
    for distance in _DISTANCES:
        for number in _order():
            angle = 2 * math.pi * number / _DIRECTIONS
            across, up = math.cos(angle), math.sin(angle)
            left = x + distance * across + (across - 1) / 2 * width
            low = y + distance * up + (up - 1) / 2 * height
            places.append((float(distance), Box(left, low, left + width, low + height)))
    return places


def _order() -> list[int]:
    quarter = _DIRECTIONS // 4
    first = [0, 2 * quarter, quarter, 3 * quarter]
    return [*first, *(number for number in range(_DIRECTIONS) if number not in first)]


def _best(places: Sequence[tuple[float, Box]], taken: Sequence[Box], discs: Sequence[Box], frame: Box) -> Box:
    """Return the box whose place costs least."""

    def cost(place: tuple[float, Box]) -> float:
        distance, box = place
        covered = _LABEL * sum(map(box.common, taken)) + _POINT * sum(map(box.common, discs))
        return distance + covered + _OUTSIDE * (box.area - box.common(frame))

    return min(places, key=cost)[1]
