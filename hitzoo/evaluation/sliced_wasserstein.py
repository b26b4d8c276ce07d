"""The sliced Wasserstein distance between patches of a Laplacian pyramid: structure and colour at each scale.

Source: Karras et al. 2018 ("Progressive Growing of GANs"), section 5; the distance is that of Rabin et al. 2011.
Differs: patches are scaled by the real images' mean and deviation per channel, so that low contrast or wrong colours
count (the paper scales each set by its own); at most 2¹⁶ patches per level are taken from a set, at positions that
follow from the image's number; sets of different sizes are compared by their quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from hitzoo.evaluation.pictures import RGB

_SEED = 20180226
_PATCH = 7  # pixels
_SMALLEST = 16  # pixels: the side of the pyramid's last level
_MOST_PATCHES = 1 << 16  # of one level of one set
_MOST_OF_ONE = 128  # patches per image, as in the paper
_DIRECTIONS = 256
_DIRECTIONS_AT_ONCE = 64
_AT_ONCE = 64  # pictures

Patches: TypeAlias = NDArray[np.float32]


class LaplacianPatches:
    """Patches of each level of an image's Laplacian pyramid: (levels, patches, 3·p²), colours outermost.

    `count` is the size of the image's set, which determines the number of patches per image.
    """

    name = "laplacian-patches-1"

    def __init__(self, resolution: int, count: int, device: torch.device) -> None:
        self.device = torch.device("cpu") if device.type == "mps" else device
        self._sides = [resolution]
        while self._sides[-1] // 2 >= _SMALLEST:
            self._sides.append(self._sides[-1] // 2)
        self._side = min(_PATCH, self._sides[-1])
        self._patches = max(1, min(_MOST_OF_ONE, _MOST_PATCHES // count))

    @property
    def shape(self) -> tuple[int, ...]:
        """Levels, patches per level, numbers per patch."""
        return len(self._sides), self._patches, 3 * self._side**2

    def __call__(self, pictures: RGB, positions: Sequence[int]) -> torch.Tensor:
        """Map bytes (B, R, R, 3) to (B, levels, patches, 3·p²), each level in units of [-1, 1]."""
        parts = torch.from_numpy(pictures).split(_AT_ONCE)
        starts = range(0, len(pictures), _AT_ONCE)
        return torch.cat([self._rows(part, positions[start:]) for part, start in zip(parts, starts, strict=True)])

    def _rows(self, pictures: torch.Tensor, positions: Sequence[int]) -> torch.Tensor:
        x = pictures.to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        places = [self._places(position) for position in positions[: len(x)]]
        rows: list[torch.Tensor] = []
        for number, level in enumerate(laplacian_pyramid(x, len(self._sides))):
            windows = level.unfold(2, self._side, 1).unfold(3, self._side, 1)  # B, 3, y, x, p, p
            y, across = torch.from_numpy(np.stack([own[number] for own in places], axis=1)).to(self.device)
            chosen = windows[torch.arange(len(x), device=self.device)[:, None], :, y, across]
            rows.append(chosen.flatten(2))
        return torch.stack(rows, dim=1).cpu()

    def _places(self, position: int) -> NDArray[np.int64]:
        """Rows and columns of the upper left corners (levels, 2, patches), drawn from the image's number."""
        random = np.random.RandomState([_SEED, position])
        draws = [random.randint(0, side - self._side + 1, (2, self._patches)) for side in self._sides]
        return np.stack(draws)


def laplacian_pyramid(x: torch.Tensor, levels: int) -> list[torch.Tensor]:
    """Differences lost by each halving of (B, 3, R, R), finest first, and last the remainder."""
    pyramid: list[torch.Tensor] = []
    for _ in range(levels - 1):
        smaller = _halved(x)
        pyramid.append(x - F.interpolate(smaller, x.shape[-2:], mode="bilinear"))
        x = smaller
    return [*pyramid, x]


def _halved(x: torch.Tensor) -> torch.Tensor:
    """Halve the side, rounding down, after a binomial blur of 5×5."""
    row = torch.tensor([1.0, 4, 6, 4, 1], device=x.device) / 16
    kernel = (row[:, None] * row).expand(x.shape[1], 1, 5, 5)
    blurred = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, groups=x.shape[1])
    side = x.shape[-1] // 2
    return blurred[:, :, : 2 * side : 2, : 2 * side : 2]


def sliced_wasserstein(fakes: torch.Tensor, reals: torch.Tensor) -> float:
    """Mean over levels of the distance of patches (N, levels, patches, 3·p²) and (M, levels, patches', 3·p²).

    Per level: the mean over fixed random directions of the area between the two distribution functions.
    """
    levels = range(reals.shape[1])
    pairs = ([rows[:, level].flatten(0, 1).numpy() for rows in (fakes, reals)] for level in levels)
    return float(np.mean([_distance(*pair) for pair in pairs]))


def _distance(fakes: Patches, reals: Patches) -> float:
    width = reals.shape[1]
    colours = reals.reshape(-1, 3, width // 3)
    mean, scale = colours.mean(axis=(0, 2), dtype=np.float64), colours.std(axis=(0, 2), dtype=np.float64)
    mean, scale = (np.repeat(one.astype(np.float32), width // 3) for one in (mean, scale.clip(min=1 / 255)))
    fakes, reals = (fakes - mean) / scale, (reals - mean) / scale
    directions = np.random.RandomState(_SEED).standard_normal((_DIRECTIONS, width))
    directions = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)
    count, total = max(len(fakes), len(reals)), 0.0
    for part in np.split(directions, _DIRECTIONS // _DIRECTIONS_AT_ONCE):
        gaps = _quantiles(part @ fakes.T, count) - _quantiles(part @ reals.T, count)
        total += float(np.abs(gaps).sum(dtype=np.float64))
    return total / (count * _DIRECTIONS)


def _quantiles(values: Patches, count: int) -> Patches:
    """Midpoints of `count` equal shares of each row's distribution; the sorted row if it has that length."""
    places = (2 * np.arange(count) + 1) * values.shape[1] // (2 * count)
    return np.sort(values, axis=1)[:, places]
