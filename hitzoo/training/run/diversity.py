"""The difference of images from each other, by which a run notices that all its samples have become alike.

It is a cheap number beside the grids, made of the images that these hold anyway. It is no measure of quality: images of
noise differ, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

_SIDE = 8  # pixels of a thumbnail: what differs in noise alone does not count


@dataclass(frozen=True)
class Spread:
    """The differences within a set of images, on thumbnails of 8×8 pixels with values from 0 to 1.

    Attributes:
        between: mean over all pairs of images of the root mean square of their difference.
        within: mean over images of the standard deviation of a channel's pixels; near 0 for grey or plain images.
    """

    between: float
    within: float

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Spread:
        """Measure images: bytes (N, H, W, C)."""
        small = _thumbnails(pixels)
        within = float(np.sqrt(small.var(axis=1).mean(axis=-1)).mean())
        flat = small.reshape(len(small), -1)
        pairs = [float(np.sqrt(((flat[:place] - flat[place]) ** 2).mean(axis=1)).sum()) for place in range(len(flat))]
        count = len(flat) * (len(flat) - 1) / 2
        return cls(between=sum(pairs) / count if count else 0.0, within=within)

    def relative_to(self, real: Spread) -> dict[str, float]:
        """Return `diversity` and `contrast`: both differences as shares of those of `real` images that have any."""
        shares = {"diversity": (self.between, real.between), "contrast": (self.within, real.within)}
        return {name: own / theirs for name, (own, theirs) in shares.items() if theirs > _NOTHING}


_NOTHING = sqrt(1e-8)  # far below one step of a byte


def _thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Means over blocks, (N, h·w, C); what is left over at the right and below is cut off."""
    count, height, width, channels = pixels.shape
    high, wide = min(height, _SIDE), min(width, _SIDE)
    tall, broad = height // high, width // wide
    cut = pixels[:, : high * tall, : wide * broad].reshape(count, high, tall, wide, broad, channels)
    means: NDArray[np.float64] = cut.mean(axis=(2, 4), dtype=np.float64) / 255
    return means.reshape(count, high * wide, channels)
