"""The distance between images that an inversion makes small: of pixels at several scales, and of features.

B images, C channels, R pixels per side, in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import torch
from torch.nn import functional as F

from hitzoo.backbones.efficientnet_lite import build_pyramid
from hitzoo.backbones.weights import fetch_weights
from hitzoo.errors import RequestError
from hitzoo.evaluation.random_conv import RandomConv

FeatureName: TypeAlias = Literal["random_conv", "efficientnet", "none"]
FEATURES: tuple[FeatureName, ...] = ("random_conv", "efficientnet", "none")
_SMALLEST = 4  # pixels per side of the coarsest scale
_FEATURE_WEIGHT = 0.05
_EPSILON = 1e-10

Maps: TypeAlias = Callable[[torch.Tensor], Sequence[torch.Tensor]]


class ImageDistance:
    """Σ over scales of the mean squared difference of pixels, plus 0.05 times that of features: [B, C, R, R] -> [B].

    Scales halve from R down to 4 pixels. Features are maps whose vectors at each place are brought to length 1, as in
    LPIPS (Zhang et al. 2018, equation 1), without its learned weights; the mean is over places, the sum over maps.
    """

    def __init__(self, target: torch.Tensor, maps: Maps | None = None) -> None:
        """Take the image to come close to, [1, C, R, R]."""
        self.target = target
        self._maps = maps
        with torch.no_grad():
            self._pyramid = _pyramid(target)
            self._features = [] if maps is None else _units(maps(_rgb(target)))

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Compute the distance of each image, with a gradient."""
        scales = zip(_pyramid(images), self._pyramid, strict=True)
        distance = torch.stack([(own - other).square().mean(dim=(1, 2, 3)) for own, other in scales]).sum(dim=0)
        if self._maps is None:
            return distance
        maps = zip(_units(self._maps(_rgb(images))), self._features, strict=True)
        features = torch.stack([(own - other).square().sum(dim=1).mean(dim=(1, 2)) for own, other in maps])
        return distance + _FEATURE_WEIGHT * features.sum(dim=0)

    def psnr(self, images: torch.Tensor) -> torch.Tensor:
        """Peak signal-to-noise ratio of each image in dB, clipped to [-1, 1] as pictures are; at most 100."""
        error = (images.clamp(-1, 1) - self.target.clamp(-1, 1)) / 2
        return -10 * torch.log10(error.square().mean(dim=(1, 2, 3)).clamp(min=_EPSILON))


def feature_maps(name: str, device: torch.device, note: Callable[[str], None]) -> Maps | None:
    """Features by name: of random convolutions, of EfficientNet-Lite0 (the extra `features`), or none.

    Raises:
        RequestError: another name, or timm is not installed.
        WeightsError: the network's weights are not available.
    """
    if name == "none":
        return None
    if name == "random_conv":
        return RandomConv(device).maps
    if name != "efficientnet":
        raise RequestError(f"--features {name[:40]}: not possible; possible: {', '.join(FEATURES)}")
    network = build_pyramid("tf_efficientnet_lite0", fetch_weights("tf_efficientnet_lite0", "", note).tensors)
    network = network.to(device)

    def maps(images: torch.Tensor) -> Sequence[torch.Tensor]:
        found: Sequence[torch.Tensor] = network(F.interpolate(images, (224, 224), mode="bilinear"))
        return found

    return maps


def _pyramid(images: torch.Tensor) -> list[torch.Tensor]:
    scales = [images]
    while scales[-1].shape[-1] >= 2 * _SMALLEST:
        scales.append(F.avg_pool2d(scales[-1], 2))
    return scales


def _units(maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [values / (values.square().sum(dim=1, keepdim=True) + _EPSILON).sqrt() for values in maps]


def _rgb(images: torch.Tensor) -> torch.Tensor:
    """Repeat grey, and lay transparency over white, as evaluations do."""
    if images.shape[1] == 1:
        return images.expand(-1, 3, -1, -1)
    if images.shape[1] == 4:
        alpha = (images[:, 3:] + 1) / 2
        return alpha * images[:, :3] + (1 - alpha)
    return images
