"""Values that change in the course of a run, as functions of the real images seen so far.

Source: R3GAN's trainer schedules learning rate, β2, γ, the average's half-life and augmentation in this way.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Protocol, TypeAlias


class Schedule(Protocol):
    """A value by the number of images seen."""

    def at(self, images: int) -> float:
        """Return the value after so many images."""


@dataclass(frozen=True)
class Constant:
    """The same value throughout."""

    value: float

    def at(self, images: int) -> float:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Linear:
    """A straight line from `first` to `last` over so many `images`, after `start` of them; `last` from then on."""

    first: float
    last: float
    images: int
    start: int = 0

    def at(self, images: int) -> float:
        """Return first + (last − first)·t with t = (images − start)/self.images, from 0 to 1."""
        return self.first + (self.last - self.first) * _progress(images, self.start, self.images)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine wave from `first` to `last` over so many `images`, after `start` of them; `last` from then on."""

    first: float
    last: float
    images: int
    start: int = 0

    def at(self, images: int) -> float:
        """Return last + (first − last)·(1 + cos(π·t))/2 with t = (images − start)/self.images, from 0 to 1."""
        return self.last + (self.first - self.last) * (1 + cos(pi * _progress(images, self.start, self.images))) / 2


def _progress(images: int, start: int, length: int) -> float:
    return min(max(images - start, 0) / length, 1.0)


Number: TypeAlias = float | Schedule
"""A number, or one that follows a schedule."""


def value_at(number: Number, images: int) -> float:
    """Return a number as it is, and a schedule's after so many images."""
    return number if isinstance(number, int | float) else number.at(images)
