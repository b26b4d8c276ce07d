"""A picture of any Pillow mode as 8-bit pixels: grey (1 channel), RGB (3) or RGBA (4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def to_pixels(image: Image.Image, channels: int) -> Pixels:
    """(height, width, channels) uint8, writable.

    Transparent pictures are laid over white for 1 and 3 channels; for 4 their alpha is kept, and opaque pictures
    get an alpha of 255. One channel is the luma of ITU-R BT.601, as in Pillow. Grey of more than 8 bits
    (modes `I;16` and `I`) is scaled from 0 … 65535 to 0 … 255; mode `F` is taken to hold 0 … 255.
    """
    if channels not in (1, 3, 4):
        raise ValueError(f"channels must be 1, 3 or 4, not {channels}")
    image = _eight_bits(image)
    if not image.has_transparency_data:
        return _opaque(image, channels)
    rgba = np.array(_with_alpha(image))
    if channels == 4:
        return rgba
    return _opaque(Image.fromarray(_over_white(rgba)), channels)


def _opaque(image: Image.Image, channels: int) -> Pixels:
    """The pixels of a picture without transparency."""
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if channels == 1:
        return np.array(image.convert("L"))[:, :, None]
    rgb = np.array(image.convert("RGB"))
    if channels == 3:
        return rgb
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def _with_alpha(image: Image.Image) -> Image.Image:
    if image.mode == "La":  # Pillow converts premultiplied grey to LA alone
        image = image.convert("LA")
    return image.convert("RGBA")


def _over_white(rgba: Pixels) -> Pixels:
    """`colour · alpha + white · (1 - alpha)` rounded to the nearest 8-bit value; the sum fits 16 bits exactly."""
    alpha = rgba[:, :, 3:].astype(np.uint16)
    mixed = rgba[:, :, :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """`image` itself, or its 8-bit grey where it holds wider numbers; a transparent value becomes alpha."""
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image)).clip(0, 255)
        return Image.fromarray((values + 0.5).astype(np.uint8))
    if not image.mode.startswith("I"):
        return image
    wide = np.asarray(image).clip(0, 65535).astype(np.uint32)
    grey = ((wide + 128) // 257).astype(np.uint8)  # 65535 = 257 · 255
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return Image.fromarray(grey)
    alpha = np.where(wide == transparent, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([grey, alpha]))
