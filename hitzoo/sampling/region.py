"""Rectangles of an image in pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index

from hitzoo.errors import RequestError

_MOST_DIGITS = 9


@dataclass(frozen=True)
class Region:
    """`width`×`height` pixels from (`left`, `top`), counted from the image's upper left corner."""

    left: int
    top: int
    width: int
    height: int

    def inside(self, side: int) -> Region:
        """The region itself, if an image of `side`² pixels has it.

        Raises:
            RequestError: it is empty or leaves the image.
        """
        if min(self.width, self.height) < 1 or min(self.left, self.top) < 0:
            raise RequestError(f"region {self}: width and height are at least 1, left and top at least 0")
        if max(self.left + self.width, self.top + self.height) > side:
            raise RequestError(f"region {self} leaves the image, which has {side}×{side} pixels")
        return self

    def tiles(self, size: int) -> Iterator[Region]:
        """The region cut at multiples of `size` pixels of the image."""
        for top, height in _cut(self.top, self.height, size):
            for left, width in _cut(self.left, self.width, size):
                yield Region(left, top, width, height)

    def within(self, other: Region) -> tuple[slice, slice]:
        """The slices of rows and columns of it in a region that holds it."""
        top, left = self.top - other.top, self.left - other.left
        return slice(top, top + self.height), slice(left, left + self.width)

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"


def region_of(numbers: Sequence[int]) -> Region:
    """Left, top, width, height.

    Raises:
        RequestError: there are more or fewer, or they are not whole.
    """
    try:
        left, top, width, height = map(index, numbers)
    except (TypeError, ValueError):
        raise RequestError(f"region {numbers}: give left, top, width, height in whole pixels") from None
    return Region(left, top, width, height)


def parse_region(text: str) -> Region:
    """`384,256,256,256` as left, top, width, height.

    Raises:
        RequestError: it is not four whole numbers.
    """
    words = [word.strip() for word in text.split(",")]
    if len(words) != 4 or not all(word.isdecimal() and len(word) <= _MOST_DIGITS for word in words):
        text = text if len(text) <= 4 * _MOST_DIGITS else text[: 4 * _MOST_DIGITS] + "…"
        raise RequestError(f"--region {text}: write left,top,width,height in pixels, for example 384,256,256,256")
    return Region(*map(int, words))


def _cut(begin: int, length: int, size: int) -> Iterator[tuple[int, int]]:
    """(begin, length) of each part of an interval cut at multiples of `size`."""
    end = begin + length
    while begin < end:
        stop = min(end, (begin // size + 1) * size)
        yield begin, stop - begin
        begin = stop
