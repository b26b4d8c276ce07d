"""The likeness of pictures to their reconstructions, a number for each pair: PSNR, SSIM, LPIPS and a distance like it.

N pairs of RGB bytes (N, R, R, 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.evaluation.pictures import RGB
from hitzoo.objectives.perceptual import Features, Perceptual, fetch

Likeness: TypeAlias = Callable[[RGB, RGB], NDArray[np.float64]]
"""Pictures and as many others -> a number for each pair."""

_PEAK = 255.0
_LEAST_ERROR = 1e-10  # of squared bytes: equal pictures have 148 dB, and no infinity
_WINDOW, _DEVIATION = 11, 1.5
_C1, _C2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2

DEFINITIONS: Final = {
    "psnr": "peak signal-to-noise ratio in dB, of all channels of a picture, on bytes; mean over pictures",
    "ssim": "structural similarity (Wang et al. 2004), Gaussian window of 11 pixels and deviation 1.5, of each channel"
    " on bytes, without padding; mean over pictures",
    "lpips": "LPIPS (Zhang et al. 2018), VGG16, version 0.1, on pictures of their own size; mean over pictures",
    "efficientnet_distance": "the distance of LPIPS on four maps of EfficientNet-Lite0, every channel with a weight of"
    " 1, on pictures of their own size; mean over pictures; not LPIPS",
}

FEATURES: Final = {"lpips": "VGG16", "efficientnet_distance": "EfficientNet-Lite0"}
"""The network of each that is a distance: the lower the better."""


def psnr(real: RGB, fake: RGB) -> NDArray[np.float64]:
    """Return 10·log10(255²/MSE) of each pair."""
    error = np.square(real.astype(np.float64) - fake).mean(axis=(1, 2, 3))
    found: NDArray[np.float64] = 10 * np.log10(_PEAK**2 / np.maximum(error, _LEAST_ERROR))
    return found


def ssim(real: RGB, fake: RGB) -> NDArray[np.float64]:
    """Return the structural similarity of each pair; pictures of less than 11 pixels have a window of their size."""
    x, y = (torch.from_numpy(one).permute(0, 3, 1, 2).double() for one in (real, fake))
    size = min(_WINDOW, x.shape[-1])
    places = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    row = (-places.square() / (2 * _DEVIATION**2)).exp()
    steps = x.shape[-1] - size + 1
    blur = torch.zeros(steps, x.shape[-1], dtype=torch.float64)  # a matrix: convolutions of float64 are slow
    for step in range(steps):
        blur[step, step : step + size] = row / row.sum()

    def blurred(images: torch.Tensor) -> torch.Tensor:
        return blur @ images @ blur.T

    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    both = blurred(x * y) - mean_x * mean_y
    found = ((2 * mean_x * mean_y + _C1) * (2 * both + _C2)) / ((mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2))
    return found.mean(dim=(1, 2, 3)).numpy()


class PerceptualDistance:
    """LPIPS, or the distance like it on other features, on one device.

    Raises:
        RequestError, WeightsError: the weights are neither here nor to be had.
    """

    def __init__(self, features: Features, device: torch.device, note: Callable[[str], None]) -> None:
        fetch(features, note)
        self._distance, self._device = Perceptual(features), device

    @torch.inference_mode()
    def __call__(self, real: RGB, fake: RGB) -> NDArray[np.float64]:
        """Return the distance of each pair."""
        one, other = (
            torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2).float() / 127.5 - 1
            for pictures in (real, fake)
        )
        return self._distance(one, other).double().cpu().numpy()


def likenesses(names: Sequence[str], device: torch.device, note: Callable[[str], None]) -> dict[str, Likeness]:
    """Return the functions of those names, in their order; `note` is told before a download."""
    known: dict[str, Callable[[], Likeness]] = {
        "psnr": lambda: psnr,
        "ssim": lambda: ssim,
        "lpips": lambda: PerceptualDistance("lpips", device, note),
        "efficientnet_distance": lambda: PerceptualDistance("efficientnet", device, note),
    }
    return {name: known[name]() for name in names}
