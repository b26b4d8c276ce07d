"""Images as picture files: [-1, 1] floats to bytes, grids, PNG with text metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hitzoo.errors import WeightsError
from hitzoo.files import atomic_file

PADDING = 2  # pixels between tiles, as torchvision's make_grid has them
BACKGROUND = 208  # light grey


def to_uint8(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[-1, 1] to 0 … 255, clipped and rounded to nearest; any shape."""
    return np.rint(np.clip((images + 1) * 127.5, 0, 255)).astype(np.uint8)


def finite(images: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """The images themselves, if they are: NaN would be written as black.

    Raises:
        WeightsError: a value of them is NaN or infinite.
    """
    if not np.isfinite(images).all():
        raise not_finite(name)
    return images


def not_finite(name: str) -> WeightsError:
    """The error for images that are NaN or infinite though weights and latents are not."""
    return WeightsError(
        f"the images of {name} are not finite: its weights, or the latents it was given, are too large for the"
        " network's own arithmetic; if its training diverged, take an earlier checkpoint"
    )


def to_picture(pixels: NDArray[np.uint8]) -> Image.Image:
    """(H, W, 1|3|4) bytes as a grey, RGB or RGBA picture."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_grid(pixels: NDArray[np.uint8], rows: int, columns: int, padding: int = PADDING) -> NDArray[np.uint8]:
    """Up to rows·columns images (N, H, W, C) as one, row by row, with `padding` pixels between and around them."""
    count, height, width, channels = pixels.shape
    page = background(rows * (height + padding) + padding, columns * (width + padding) + padding, channels)
    for place in range(min(count, rows * columns)):
        row, column = divmod(place, columns)
        top, left = padding + row * (height + padding), padding + column * (width + padding)
        page[top : top + height, left : left + width] = pixels[place]
    return page


def background(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """Make the background of tiles: a light grey, on which white and black edges stand out; clear with alpha."""
    page = np.full((height, width, channels), BACKGROUND, dtype=np.uint8)
    if channels == 4:
        page[..., 3] = 0
    return page


def save_png(path: Path, pixels: NDArray[np.uint8], text: Mapping[str, str]) -> None:
    """Write a PNG whole or not at all, with `text` as its metadata."""
    info = PngInfo()
    for key, value in text.items():
        info.add_itxt(key, value)
    with atomic_file(path) as temporary:
        to_picture(pixels).save(temporary, format="PNG", pnginfo=info)
