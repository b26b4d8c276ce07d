"""Features of a small convolutional network with fixed random weights: a metric that needs no download.

Random convolutions distinguish edges, colours and textures well enough to rank models of one data set. They know
nothing of objects: distances on them are not FID, and their scale is not comparable between data sets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from hitzoo.evaluation.pictures import RGB

_SEED = 20210615
_SIDE = 64  # pixels; every image is resized to this first
_SLOPE = 0.2
_WIDTHS = (32, 48, 48, 64)
_KERNELS = (5, 3, 3, 3)
_CELLS = 2  # the last map is averaged over 2×2 cells, so that layout matters
_AT_ONCE = 64  # pictures


class RandomConv:
    """Four convolutions of stride 2: mean and deviation per channel of the first three, means over 2×2 cells of the
    last; 512 numbers per image.

    Weights are He-normal from NumPy's `RandomState`, whose stream never changes; they are the same on every machine.
    """

    name = "random-conv-1"
    shape = (2 * sum(_WIDTHS[:3]) + _WIDTHS[3] * _CELLS**2,)

    def __init__(self, device: torch.device) -> None:
        self.device = torch.device("cpu") if device.type == "mps" else device  # no antialiased resize there
        random = np.random.RandomState(_SEED)
        self._layers: list[tuple[torch.Tensor, torch.Tensor]] = []
        inputs = 3
        for width, kernel in zip(_WIDTHS, _KERNELS, strict=True):
            scale = np.sqrt(2 / (1 + _SLOPE**2) / (inputs * kernel**2))
            weight = scale * random.standard_normal((width, inputs, kernel, kernel))
            bias = 0.1 * random.standard_normal(width)
            self._layers.append((self._tensor(weight), self._tensor(bias)))
            inputs = width

    def __call__(self, pictures: RGB, positions: Sequence[int]) -> torch.Tensor:
        """Map bytes (B, R, R, 3) to (B, 512)."""
        return torch.cat([self._rows(part) for part in torch.from_numpy(pictures).split(_AT_ONCE)])

    def _rows(self, pictures: torch.Tensor) -> torch.Tensor:
        *maps, last = self.maps(pictures.to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1)
        rows = [row for x in maps for row in (x.mean(dim=(2, 3)), x.std(dim=(2, 3)))]
        rows.append(F.adaptive_avg_pool2d(last, _CELLS).flatten(1))
        return torch.cat(rows, dim=1).cpu()

    def maps(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Compute four maps of images [B, 3, R, R] in [-1, 1], of 32, 16, 8 and 4 pixels per side, with a gradient."""
        x = images.to(self.device)
        if x.shape[-1] != _SIDE:
            x = F.interpolate(x, (_SIDE, _SIDE), mode="bilinear", antialias=True)
        maps: list[torch.Tensor] = []
        for weight, bias in self._layers:
            x = F.leaky_relu(F.conv2d(x, weight, bias, stride=2, padding=weight.shape[-1] // 2), _SLOPE)
            maps.append(x)
        return maps

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(self.device)
