"""Conversion of any Pillow mode to 8-bit pixels: grey (1 channel), RGB (3) or RGBA (4)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_PIXELS_AT_ONCE = 1 << 22  # pixels handled in NumPy at once; large images go strip by strip to bound memory


def to_pixels(image: Image.Image, channels: int) -> Pixels:
    """Convert to writable uint8 (height, width, channels), by `to_eight_bits`."""
    pixels = np.array(to_eight_bits(image, channels))
    return pixels[:, :, None] if channels == 1 else pixels


def to_eight_bits(image: Image.Image, channels: int) -> Image.Image:
    """Convert to mode L, RGB or RGBA; an opaque image of that mode is returned as it is.

    Transparent images are composited over white for 1 and 3 channels; for 4 their alpha is kept, and opaque images
    get an alpha of 255. One channel is the luma of ITU-R BT.601, as in Pillow. Grey of more than 8 bits
    (modes `I;16` and `I`) is scaled from 0 … 65535 to 0 … 255; mode `F` is assumed to hold 0 … 255.
    """
    if channels not in _MODES:
        raise ValueError(f"channels must be 1, 3 or 4, not {channels}")
    image = _narrowed(image)
    if not image.has_transparency_data:
        return _opaque(image, channels)
    if channels == 4:
        return _with_alpha(image)
    return _in_strips(image, _MODES[channels], lambda strip: _opaque(_over_white(_with_alpha(strip)), channels))


def _opaque(image: Image.Image, channels: int) -> Image.Image:
    """Convert to the opaque mode of `channels` channels."""
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if channels == 4:  # grey goes by way of RGB
        return _of_mode(_of_mode(image, "RGB"), "RGBA")
    return _of_mode(image, _MODES[channels])


def _of_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def _with_alpha(image: Image.Image) -> Image.Image:
    if image.mode == "La":  # Pillow converts premultiplied grey to LA alone
        image = image.convert("LA")
    return _of_mode(image, "RGBA")


def _over_white(strip: Image.Image) -> Image.Image:
    """`colour · alpha + white · (1 - alpha)` rounded to the nearest 8-bit value; the sum fits 16 bits exactly."""
    rgba = np.asarray(strip)
    alpha = rgba[:, :, 3:].astype(np.uint16)
    mixed = rgba[:, :, :3] * alpha + 255 * (255 - alpha)
    return Image.fromarray(((mixed + 127) // 255).astype(np.uint8))


def _narrowed(image: Image.Image) -> Image.Image:
    """Narrow wider numbers to 8-bit grey; a transparent value becomes alpha."""
    if image.mode == "F":
        return _in_strips(image, "L", _rounded)
    if not image.mode.startswith("I"):
        return image
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return _in_strips(image, "L", lambda strip: Image.fromarray(_grey(_wide(strip))))
    return _in_strips(image, "LA", lambda strip: _grey_with_alpha(strip, transparent))


def _rounded(strip: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(strip)).clip(0, 255)
    return Image.fromarray((values + 0.5).astype(np.uint8))


def _wide(strip: Image.Image) -> NDArray[np.uint32]:
    return np.asarray(strip).clip(0, 65535).astype(np.uint32)


def _grey(wide: NDArray[np.uint32]) -> Pixels:
    return ((wide + 128) // 257).astype(np.uint8)  # 65535 = 257 · 255


def _grey_with_alpha(strip: Image.Image, transparent: int) -> Image.Image:
    wide = _wide(strip)
    alpha = np.where(wide == transparent, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([_grey(wide), alpha]))


def _in_strips(image: Image.Image, mode: str, work: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Apply `work` to an image a few rows at a time, for a result of `mode`."""
    width, height = image.size
    rows = max(1, _PIXELS_AT_ONCE // width)
    if rows >= height:
        return work(image)
    whole = Image.new(mode, image.size)
    for top in range(0, height, rows):
        whole.paste(work(image.crop((0, top, width, min(height, top + rows)))), (0, top))
    return whole
