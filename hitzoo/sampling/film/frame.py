"""Frames of films as what a format can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hitzoo.data.pixels import to_pixels
from hitzoo.sampling.pictures import to_picture


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a frame (H, W, 4) over white, for formats without transparency; others stay."""
    return to_pixels(to_picture(pixels), 3) if pixels.shape[-1] == 4 else pixels
