"""Scales of pixel values: [-1, 1], in which images are given and taken, and others that networks were trained in.

B images, C channels, R pixels per side.
"""

from __future__ import annotations

from typing import Final

import torch

from hitzoo.spec.types import PixelRange

_SCALES: Final[dict[PixelRange, tuple[tuple[float, float], ...]]] = {
    # pixels p in [0, 1] are (p − mean)/deviation, so that x in [-1, 1] is 2·deviation·n + 2·mean − 1
    "imagenet": ((2 * 0.229, 2 * 0.485 - 1), (2 * 0.224, 2 * 0.456 - 1), (2 * 0.225, 2 * 0.406 - 1)),
}
"""Factor and summand per channel on the way to [-1, 1]: ImageNet's means and deviations, as torchvision has them."""


def to_unit(images: torch.Tensor, pixel_range: PixelRange, axis: int = 1) -> torch.Tensor:
    """Bring images of a range to [-1, 1]: [B, C, R, R] with the channels at `axis` -> the same shape."""
    if pixel_range == "unit":
        return images
    scales = zip(images.split(1, dim=axis), _SCALES[pixel_range], strict=True)
    return torch.cat([channel * factor + summand for channel, (factor, summand) in scales], dim=axis)


def from_unit(images: torch.Tensor, pixel_range: PixelRange) -> torch.Tensor:
    """Bring images [B, C, R, R] in [-1, 1] to a range."""
    if pixel_range == "unit":
        return images
    scales = zip(images.split(1, dim=1), _SCALES[pixel_range], strict=True)
    made = torch.cat([(channel - summand) / factor for channel, (factor, summand) in scales], dim=1)
    last = images.is_contiguous(memory_format=torch.channels_last)
    return made.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
