"""From a picture of any size and mode to the square of pixels a network trains on."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hitzoo.data.pixels import Pixels, to_pixels


def prepare(
    image: Image.Image,
    *,
    resolution: int,
    channels: int,
    crop: str,
    crop_fraction: float,
    flip: bool,
    random: np.random.Generator | None,
) -> Pixels:
    """(resolution, resolution, channels) uint8: pixels, then crop, then resize, then flip.

    `crop` is "center" (a centred square), "random" (a square at a place drawn uniformly) or "none" (the whole
    picture squeezed to a square); the side of a crop is `crop_fraction` of the picture's shorter side.
    `flip` mirrors left and right with probability 1/2. Without `random` nothing is random, which is the rule
    for evaluation: a random crop is a centred one, and nothing is mirrored.

    Exactly three numbers are drawn from `random`, in the order across, down, mirror, whatever the settings: the
    same generator mirrors the same pictures under every crop.
    """
    if crop not in ("center", "random", "none"):
        raise ValueError(f"crop must be 'center', 'random' or 'none', not {crop!r}")
    across, down, mirror = (0.5, 0.5, 1.0) if random is None else random.random(3).tolist()
    pixels = to_pixels(image, channels)
    if crop == "random" and random is not None:
        pixels = _cut(pixels, crop_fraction, across, down)
    elif crop != "none":
        pixels = _cut(pixels, crop_fraction)
    pixels = _resize(pixels, resolution)
    if flip and mirror < 0.5:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _cut(pixels: Pixels, fraction: float, across: float | None = None, down: float | None = None) -> Pixels:
    """A square of `fraction` of the shorter side; `across` and `down` in [0, 1) choose its place, else centred."""
    height, width = pixels.shape[:2]
    side = max(1, min(height, width, round(fraction * min(height, width))))
    left = _start(width - side, across)
    top = _start(height - side, down)
    return pixels[top : top + side, left : left + side]


def _start(room: int, draw: float | None) -> int:
    """The offset within 0 … room: every one equally likely to be drawn, the middle without a draw."""
    return room // 2 if draw is None else int(draw * (room + 1))


def _resize(pixels: Pixels, resolution: int) -> Pixels:
    """Bicubic with antialiasing; pixels of the right size are returned untouched.

    Pillow resizes RGBA with its colours multiplied by alpha, so what is invisible does not bleed.
    """
    if pixels.shape[:2] == (resolution, resolution):
        return pixels
    grey = pixels.shape[2] == 1
    image = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if grey else pixels))
    resized = np.array(image.resize((resolution, resolution), Image.Resampling.BICUBIC))
    return resized[:, :, None] if grey else resized
