"""Signed distance to each kind of shape, and the width of its rounded edge.

A signed distance is negative inside, zero on the outline and positive outside, in the units of the coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from hitzoo.data.scene import Kind, Shape

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class _Polygon:
    """A regular polygon or star: corners, notch radius over corner radius, rounding and bevel over radius."""

    corners: int
    notch: float
    rounding: float
    bevel: float


_TUBE = 0.3  # the radius of a ring's tube over the ring's outer radius
_POLYGONS: dict[Kind, _Polygon] = {
    "square": _Polygon(4, cos(pi / 4), 0.16, 0.3),
    "triangle": _Polygon(3, cos(pi / 3), 0.1, 0.42),
    "star": _Polygon(5, 0.48, 0.08, 0.38),
}


def signed_distance(shape: Shape, x: Plane, y: Plane) -> Plane:
    """The distance to the outline at the points (x, y) measured from the shape's centre, unrotated."""
    if shape.kind == "ball":
        return np.hypot(x, y) - np.float32(shape.radius * 0.92)  # a disc looks larger than a polygon of its radius
    if shape.kind == "ring":
        tube = shape.radius * _TUBE
        return np.abs(np.hypot(x, y) - np.float32(shape.radius - tube)) - np.float32(tube)
    return _polygon_distance(_POLYGONS[shape.kind], shape, x, y)


def bevel_width(shape: Shape) -> float:
    """Width of the bevel, inwards from the outline; for a ball and a ring the whole radius, which makes them round."""
    if shape.kind == "ball":
        return shape.radius * 0.92
    if shape.kind == "ring":
        return shape.radius * _TUBE
    return shape.radius * _POLYGONS[shape.kind].bevel


def _polygon_distance(polygon: _Polygon, shape: Shape, x: Plane, y: Plane) -> Plane:
    """Distance to the one edge that all edges coincide with when the plane is folded like a paper star.

    Folding at the corners and at the notches maps every edge on the segment from (reach, 0) to the notch.
    """
    sector = 2 * pi / polygon.corners
    angle = np.arctan2(y, x) - np.float32(shape.angle)
    angle = np.abs(angle - np.float32(sector) * np.rint(angle * np.float32(1 / sector)))
    length = np.hypot(x, y)
    folded_x, folded_y = length * np.cos(angle), length * np.sin(angle)
    rounding = shape.radius * polygon.rounding
    reach = shape.radius - rounding
    notch = reach * polygon.notch
    edge_x, edge_y = notch * cos(sector / 2) - reach, notch * sin(sector / 2)
    return _segment_distance(folded_x - np.float32(reach), folded_y, edge_x, edge_y) - np.float32(rounding)


def _segment_distance(x: Plane, y: Plane, edge_x: float, edge_y: float) -> Plane:
    """The distance to the segment from (0, 0) to the edge vector, negative on the side of the shape's centre."""
    squared = edge_x * edge_x + edge_y * edge_y
    along = np.clip(x * np.float32(edge_x / squared) + y * np.float32(edge_y / squared), 0, 1)
    distance = np.hypot(x - along * np.float32(edge_x), y - along * np.float32(edge_y))
    outside = x * np.float32(edge_y) - y * np.float32(edge_x)
    return np.copysign(distance, outside)
