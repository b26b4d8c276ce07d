"""Rendering of a scene at any resolution: background, drop shadows, and solids lit from the upper left.

Everything is a function of the position in the image, so two resolutions differ only in their sampling.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hitzoo.data.scene import Scene, Shape
from hitzoo.data.solids import Plane, bevel_width, signed_distance

_STEP = 0.004  # of the image's side: over which the slope of the distance is measured
_SHADOW_SHIFT = 0.045
_SHADOW_BLUR = 0.07
_SHADOW_DEPTH = 0.38
_LIGHT = np.array([-0.52, -0.58, 0.63], np.float32)  # towards the light: left, up and out of the picture
_LIGHT /= np.linalg.norm(_LIGHT)
_GLINT = _LIGHT + np.array([0, 0, 1], np.float32)  # halfway between the light and the eye
_GLINT /= np.linalg.norm(_GLINT)

# A shape needs four distances per pixel: here, a step right, a step down, and at the shadow's origin.
_LOOK_X = np.array([0, _STEP, 0, -_SHADOW_SHIFT], np.float32).reshape(4, 1, 1)
_LOOK_Y = np.array([0, 0, _STEP, -_SHADOW_SHIFT], np.float32).reshape(4, 1, 1)


def draw(scene: Scene, resolution: int) -> NDArray[np.uint8]:
    """Render the scene as (resolution, resolution, 3) uint8 pixels, the edges smoothed over about one pixel."""
    centres = _pixel_centres(resolution)
    canvas = _background(scene, centres)
    for shape in scene.shapes:
        _add(canvas, shape, centres)
    return (canvas * 255 + 0.5).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)


@lru_cache(maxsize=8)
def _pixel_centres(resolution: int) -> Plane:
    return ((np.arange(resolution) + 0.5) / resolution).astype(np.float32)


def _background(scene: Scene, centres: Plane) -> Plane:
    """Vertical gradient (3, resolution, resolution) from the top colour to the bottom one."""
    top, bottom = np.array([scene.top, scene.bottom], np.float32).reshape(2, 3, 1)
    rows = top + (bottom - top) * centres
    return np.repeat(rows[:, :, None], len(centres), axis=2)


def _add(canvas: Plane, shape: Shape, centres: Plane) -> None:
    """Lay the shape's shadow, then the shape itself, on the (3, resolution, resolution) canvas."""
    x = centres[None, None, :] + (_LOOK_X - np.float32(shape.x))
    y = centres[None, :, None] + (_LOOK_Y - np.float32(shape.y))
    here, right, down, shadow = signed_distance(shape, *np.broadcast_arrays(x, y))
    dark = np.clip(0.5 - shadow * np.float32(0.5 / _SHADOW_BLUR), 0, 1)
    canvas *= 1 - np.float32(_SHADOW_DEPTH) * dark * dark * (3 - 2 * dark)
    cover = np.clip(0.5 - here * np.float32(len(centres)), 0, 1)
    bend = np.clip(1 + here * np.float32(1 / bevel_width(shape)), 0, 1) * np.float32(1 / _STEP)
    solid = _lit(shape, (right - here) * bend, (down - here) * bend, x[0], y[0])
    canvas += cover * (solid - canvas)


def _lit(shape: Shape, normal_x: Plane, normal_y: Plane, x: Plane, y: Plane) -> Plane:
    """Shade a surface with this normal, (3, resolution, resolution): diffuse, with a specular highlight and a sheen."""
    normal_z = np.sqrt(np.clip(1 - normal_x * normal_x - normal_y * normal_y, 0, 1))
    matt = np.clip(normal_x * _LIGHT[0] + normal_y * _LIGHT[1] + normal_z * _LIGHT[2], 0, 1)
    glint = np.clip(normal_x * _GLINT[0] + normal_y * _GLINT[1] + normal_z * _GLINT[2], 0, 1)
    for _ in range(5):
        glint = glint * glint  # to the power of 32
    sheen = (x + y) * np.float32(-0.12 / shape.radius)  # even a flat face is lighter towards the light
    colour = np.array(shape.colour, np.float32).reshape(3, 1, 1)
    lit = colour * (np.float32(0.42) + np.float32(0.72) * matt + sheen)
    shine = np.float32(0.8) * glint
    return np.asarray(lit + shine * (1 - lit))
