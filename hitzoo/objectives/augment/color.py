"""Transforms of colours: they leave transparency, a fourth channel, alone.

B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import torch

from hitzoo.objectives.batch_random import BatchRandom

_BRIGHTNESS = 0.5
_CONTRAST = 0.5
_SATURATION = 1.0


@dataclass(frozen=True)
class Color:
    """Brightness +U(−½, ½), saturation ·U(0, 2) about the pixel's mean, contrast ·U(½, 1½) about the image's mean.

    Source: Zhao et al. 2020 (DiffAugment), with the ranges of the official HiT code.
    """

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the images with other colours."""
        colours, rest = images[:, :3], images[:, 3:]
        colours = colours + (2 * _uniform(random) - 1) * _BRIGHTNESS
        grey = colours.mean(dim=1, keepdim=True)
        colours = (colours - grey) * (1 + (2 * _uniform(random) - 1) * _SATURATION) + grey
        mean = colours.mean(dim=(1, 2, 3), keepdim=True)
        colours = (colours - mean) * (1 + (2 * _uniform(random) - 1) * _CONTRAST) + mean
        return torch.cat((colours, rest), dim=1)


@dataclass(frozen=True)
class Hue:
    """Rotate red, green and blue about the grey axis by U(−π, π); an image of one channel is grey and stays.

    Source: TransGAN's code; the rotation is Rodrigues' formula.
    """

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the images with other hues."""
        angle = (2 * random.uniform().to(images.dtype) - 1) * pi
        if images.shape[1] < 3:
            return images
        turned = torch.einsum("bij,bjrc->birc", rotation_about_grey(angle), images[:, :3])
        return torch.cat((turned, images[:, 3:]), dim=1)


def rotation_about_grey(angle: torch.Tensor) -> torch.Tensor:
    """Return the rotations of colours by these angles about (1, 1, 1)/√3: [B] -> [B, 3, 3]."""
    steps = torch.arange(3, device=angle.device)
    next_to = (steps[None] - steps[:, None]) % 3  # 0 on the diagonal, 1 right of it, 2 left of it, all around
    across = ((next_to == 2).to(angle.dtype) - (next_to == 1).to(angle.dtype)) / sqrt(3)
    same, grey = (next_to == 0).to(angle.dtype), torch.full_like(across, 1 / 3)
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return cosine * same + (1 - cosine) * grey + sine * across


def _uniform(random: BatchRandom) -> torch.Tensor:
    """Return one number in [0, 1) per image: [B, 1, 1, 1]."""
    return random.uniform()[:, None, None, None]
