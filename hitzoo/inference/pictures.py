"""Images as picture files: [-1, 1] floats to bytes, grids, PNG with text metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hitzoo.files import atomic_file


def to_uint8(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[-1, 1] to 0 … 255, clipped and rounded to nearest; any shape."""
    return np.rint(np.clip((images + 1) * 127.5, 0, 255)).astype(np.uint8)


def to_picture(pixels: NDArray[np.uint8]) -> Image.Image:
    """(H, W, 1|3|4) bytes as a grey, RGB or RGBA picture."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_grid(pixels: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Up to rows·columns images as one: (N, H, W, C) -> (rows·H, columns·W, C), row by row; missing ones are white."""
    count, height, width, channels = pixels.shape
    cells = np.full((rows * columns, height, width, channels), 255, dtype=np.uint8)
    cells[: min(count, rows * columns)] = pixels[: rows * columns]
    return (
        cells.reshape(rows, columns, height, width, channels)
        .transpose(0, 2, 1, 3, 4)
        .reshape(rows * height, columns * width, channels)
    )


def save_png(path: Path, pixels: NDArray[np.uint8], text: Mapping[str, str]) -> None:
    """Write a PNG whole or not at all, with `text` as its metadata."""
    info = PngInfo()
    for key, value in text.items():
        info.add_itxt(key, value)
    with atomic_file(path) as temporary:
        to_picture(pixels).save(temporary, format="PNG", pnginfo=info)
