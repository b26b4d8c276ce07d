"""Scene of synthetic image number `index`: a background and one or two shapes, in resolution-independent units.

Lengths are fractions of the image's side, the origin is the upper left corner, x runs right and y runs down.
Every image makes the same draws in the same order, so changing one rule leaves all other parameters unchanged.
"""

from __future__ import annotations

from colorsys import hsv_to_rgb
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal, get_args

import numpy as np

Kind = Literal["ball", "square", "triangle", "ring", "star"]
Colour = tuple[float, float, float]  # red, green, blue in [0, 1]

KINDS: tuple[Kind, ...] = get_args(Kind)
RECIPE = 1  # increment whenever any image changes
_SEED = 0x417A00
_PAIRS = 0.25  # the fraction of images with two shapes
_GRADED = 0.6  # the fraction of backgrounds that are graded
_TILT = 0.45  # radians; shapes lean, they do not tumble
_UPRIGHT: dict[Kind, float] = {"ball": 0.0, "square": pi / 4, "triangle": -pi / 2, "ring": 0.0, "star": -pi / 2}


@dataclass(frozen=True)
class Shape:
    """One solid: its kind, centre, circumscribed radius, angle of its first corner (radians) and colour."""

    kind: Kind
    x: float
    y: float
    radius: float
    angle: float
    colour: Colour


@dataclass(frozen=True)
class Scene:
    """The background's colour at the upper and the lower edge, and the shapes from the back to the front."""

    top: Colour
    bottom: Colour
    shapes: tuple[Shape, ...]


def draw_scene(index: int) -> Scene:
    """The parameters of image `index`: a function of the index alone."""
    rows = np.random.default_rng([_SEED, index]).random((3, 8))
    draws = [[float(value) for value in row] for row in rows]
    pair, direction, spread, graded, hue, saturation, light, drift = draws[0]
    top = hsv_to_rgb(hue, 0.08 + 0.2 * saturation, 0.92 + 0.08 * light)
    bottom = hsv_to_rgb((hue + 0.2 * (drift - 0.5)) % 1, 0.15 + 0.22 * saturation, 0.84 + 0.1 * light)
    below = bottom if graded < _GRADED else top
    if pair >= _PAIRS:
        return Scene(top, below, (_alone(draws[1]),))
    turn, apart = 2 * pi * direction, 0.2 + 0.05 * spread
    step = apart * cos(turn), apart * sin(turn)
    return Scene(top, below, (_beside(draws[1], -step[0], -step[1]), _beside(draws[2], step[0], step[1])))


def _alone(draws: list[float]) -> Shape:
    """The only shape of an image: large, wholly inside, moderately off the centre."""
    radius = 0.25 + 0.17 * draws[1]
    room = 0.02 + 0.75 * (0.44 - radius)
    return _shape(draws, radius, 0.5 + room * (2 * draws[2] - 1), 0.49 + room * (2 * draws[3] - 1))


def _beside(draws: list[float], dx: float, dy: float) -> Shape:
    """One of two shapes: smaller, on its side of the centre."""
    radius = 0.18 + 0.06 * draws[1]
    return _shape(draws, radius, 0.5 + dx + 0.04 * (draws[2] - 0.5), 0.49 + dy + 0.04 * (draws[3] - 0.5))


def _shape(draws: list[float], radius: float, x: float, y: float) -> Shape:
    kind = KINDS[int(draws[0] * len(KINDS))]
    angle = _UPRIGHT[kind] + _TILT * (2 * draws[4] - 1)
    colour = hsv_to_rgb(draws[5], 0.7 + 0.25 * draws[6], 0.85 + 0.15 * draws[7])
    return Shape(kind, x, y, radius, angle, colour)
