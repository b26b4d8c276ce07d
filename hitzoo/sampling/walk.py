"""Walks through latents: from one to the next, straight, along the sphere, or in one smooth curve.

N latents to pass through, F frames, D numbers per row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.plan.ports import Latent, Port, columns_of

Curve: TypeAlias = Literal["linear", "spherical", "smooth"]
CURVES: tuple[Curve, ...] = get_args(Curve)
_OPPOSITE = 1e-6  # of a half turn: beyond, every great circle is as short as another
_SMALLEST = 1e-12  # of a length

_Rows: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """`frames` equal steps along a curve through all latents; with `loop` it ends where it began.

    linear: z = (1 − t) z₁ + t z₂, the latent linear morphing of papers' figures; in the middle latents are shorter than
    those that the network was trained on. spherical: along the great circle, with the length of what is passed through
    (Shoemake 1985; for latents White 2016, section 2). smooth: Catmull and Rom's curve (1974), which turns without a
    corner, brought to the same lengths.
    """

    frames: int
    curve: Curve = "linear"
    loop: bool = False

    def __str__(self) -> str:
        return f"{self.curve}, closed" if self.loop else self.curve


def curve_named(word: str) -> Curve:
    """`linear`, `spherical` or `smooth`.

    Raises:
        RequestError: another one.
    """
    for curve in CURVES:
        if word.lower() == curve:
            return curve
    raise RequestError(f"--curve {word[:40]}: not possible; possible: {', '.join(CURVES)}")


def walk_rows(rows: NDArray[np.float32], ports: Iterable[Port], walk: Walk) -> NDArray[np.float32]:
    """Rows of inputs along a walk through those given: (N, D) to (F, D).

    Latents move; noise stays that of the first row, so that nothing flickers, and so does the class.

    Raises:
        RequestError: fewer than two rows, or a spherical walk between opposite latents or from one of zeros.
    """
    found = np.repeat(rows[:1], walk.frames, axis=0)
    for port, columns in columns_of(ports):
        if isinstance(port, Latent):
            found[:, columns] = walk_points(rows[:, columns], walk)
    return found


def walk_points(points: NDArray[np.float32], walk: Walk) -> NDArray[np.float32]:
    """Points along a walk through those given: (N, …) to (F, …); raises as `walk_rows`."""
    if len(points) < 2:
        raise RequestError("a walk needs two latents or more; give for example --seeds 3,14")
    flat = points.reshape(len(points), -1).astype(np.float64)
    place = np.linspace(0, len(flat) if walk.loop else len(flat) - 1, walk.frames, endpoint=not walk.loop)
    last = len(flat) - (1 if walk.loop else 2)
    start = np.minimum(place.astype(int), last)
    t = (place - start)[:, None]
    found = _CURVES[walk.curve](flat, start, t, loop=walk.loop)
    return found.reshape(walk.frames, *points.shape[1:]).astype(np.float32)


def _linear(points: _Rows, start: NDArray[np.int_], t: _Rows, *, loop: bool) -> _Rows:
    first, second = points[start], points[(start + 1) % len(points)]
    return first + t * (second - first)


def _spherical(points: _Rows, start: NDArray[np.int_], t: _Rows, *, loop: bool) -> _Rows:
    lengths = _lengths(points)
    units = points / lengths
    after = (start + 1) % len(points)
    first, second = units[start], units[after]
    angle = np.arccos(np.clip((first * second).sum(axis=1, keepdims=True), -1, 1))
    if (angle > np.pi * (1 - _OPPOSITE)).any():
        raise RequestError("two latents are opposite, and no way between them is the shortest; take --curve linear")
    sine = np.sin(angle)
    near = sine < _OPPOSITE  # the same latent twice, or nearly
    sine = np.where(near, 1.0, sine)
    turned = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * second) / sine
    straight = first + t * (second - first)
    return np.where(near, straight, turned) * (lengths[start] + t * (lengths[after] - lengths[start]))


def _smooth(points: _Rows, start: NDArray[np.int_], t: _Rows, *, loop: bool) -> _Rows:
    lengths = _lengths(points)
    found = _catmull_rom(points, start, t, loop=loop)
    wanted = np.exp(_catmull_rom(np.log(lengths), start, t, loop=loop))  # by logarithms: never below 0
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), _SMALLEST) * wanted


def _catmull_rom(points: _Rows, start: NDArray[np.int_], t: _Rows, *, loop: bool) -> _Rows:
    """Cubic pieces whose slope at each point is half the way from the one before it to the one after it."""
    count = len(points)
    slopes = (np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)) / 2 if loop else np.gradient(points, axis=0)
    after = (start + 1) % count
    first, second, rise, fall = points[start], points[after], slopes[start], slopes[after]
    return (
        (2 * t**3 - 3 * t**2 + 1) * first
        + (t**3 - 2 * t**2 + t) * rise
        + (3 * t**2 - 2 * t**3) * second
        + (t**3 - t**2) * fall
    )


def _lengths(points: _Rows) -> _Rows:
    lengths: _Rows = np.linalg.norm(points, axis=1, keepdims=True)
    if (lengths < _SMALLEST).any():
        raise RequestError("a latent of zeros has no direction to go on from; take --curve linear")
    return lengths


_CURVES = {"linear": _linear, "spherical": _spherical, "smooth": _smooth}
