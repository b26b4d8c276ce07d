"""Conversion of an image of any size and mode to the square of pixels a network trains on."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hitzoo.data.pixels import Pixels, to_eight_bits


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
    """Crop, convert to 8-bit pixels, resize and flip: uint8 (resolution, resolution, channels).

    `crop` is "center" (a centred square), "random" (a square at a uniformly drawn position) or "none" (the whole
    image squeezed to a square); the side of a crop is `crop_fraction` of the image's shorter side.
    `flip` mirrors left and right with probability 1/2. Without `random` nothing is random, as in evaluation: a
    random crop becomes a centred one, and nothing is mirrored.

    Exactly three numbers are drawn from `random`, in the order across, down, mirror, for any settings: the same
    generator mirrors the same images under every crop.
    """
    if crop not in ("center", "random", "none"):
        raise ValueError(f"crop must be 'center', 'random' or 'none', not {crop!r}")
    across, down, mirror = (0.5, 0.5, 1.0) if random is None else random.random(3).tolist()
    if crop == "random" and random is not None:
        image = _cut(image, crop_fraction, across, down)
    elif crop != "none":
        image = _cut(image, crop_fraction)
    image = _resize(to_eight_bits(image, channels), resolution)
    pixels = np.array(image)[:, :, None] if channels == 1 else np.array(image)
    if flip and mirror < 0.5:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _cut(image: Image.Image, fraction: float, across: float | None = None, down: float | None = None) -> Image.Image:
    """Cut a square of `fraction` of the shorter side; `across` and `down` in [0, 1) place it, else centred."""
    width, height = image.size
    side = max(1, min(height, width, round(fraction * min(height, width))))
    left = _start(width - side, across)
    top = _start(height - side, down)
    return image if (side, side) == image.size else image.crop((left, top, left + side, top + side))


def _start(room: int, draw: float | None) -> int:
    """Choose the offset within 0 … room: uniformly by the draw, the middle without one."""
    return room // 2 if draw is None else int(draw * (room + 1))


def _resize(image: Image.Image, resolution: int) -> Image.Image:
    """Resize, bicubic with antialiasing; an image of the right size is returned unchanged.

    Pillow resizes RGBA with premultiplied colours, so invisible pixels do not bleed.
    """
    size = (resolution, resolution)
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)
