"""Random changes to images before the discriminator judges them.

Images are [B, C, R, R] in [-1, 1]; every image has its own random numbers, drawn on the CPU, so that
results do not depend on the device. Colour acts on the first three channels and leaves transparency alone.
Source: Zhao et al. 2020 (DiffAugment) with the ranges of the official HiT code; `flip` is the paper's addition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from hitzoo.objectives.batch_random import BatchRandom

_BRIGHTNESS = 0.5
_CONTRAST = 0.5
_SATURATION = 1.0
_TRANSLATION = 0.125  # of the side
_CUTOUT = 0.5  # of the side


@dataclass(frozen=True)
class Augmentation:
    """A policy: named augmentations, applied in the order written."""

    names: Sequence[str]

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return augmented images, differentiable by the images."""
        for name in self.names:
            images = AUGMENTATIONS[name](images, random)
        return images


def flip(images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
    """Mirror left to right with probability ½."""
    mirrored = _uniform(random) < 0.5
    return torch.where(mirrored, images.flip(-1), images)


def color(images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
    """Brightness +U(−½, ½), saturation ·U(0, 2) about the pixel's mean, contrast ·U(½, 1½) about the image's mean."""
    colours, rest = images[:, :3], images[:, 3:]
    colours = colours + (2 * _uniform(random) - 1) * _BRIGHTNESS
    grey = colours.mean(dim=1, keepdim=True)
    colours = (colours - grey) * (1 + (2 * _uniform(random) - 1) * _SATURATION) + grey
    mean = colours.mean(dim=(1, 2, 3), keepdim=True)
    colours = (colours - mean) * (1 + (2 * _uniform(random) - 1) * _CONTRAST) + mean
    return torch.cat((colours, rest), dim=1)


def translation(images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
    """Shift by whole pixels, up to an eighth of the side each way; what comes in is 0."""
    side = images.shape[-1]
    most = int(side * _TRANSLATION + 0.5)
    rows, inside_rows = _shifted(images, random.integers(-most, most))
    columns, inside_columns = _shifted(images, random.integers(-most, most))
    batch = torch.arange(len(images), device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return moved * (inside_rows[:, None, :, None] & inside_columns[:, None, None, :])


def cutout(images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
    """Set to 0 a square of half the side, its centre anywhere in the image."""
    side = images.shape[-1]
    size = int(side * _CUTOUT + 0.5)
    last = side - size % 2  # an even square has its centre between pixels, so one more place
    cut_rows = _within(images, random.integers(0, last), size)
    cut_columns = _within(images, random.integers(0, last), size)
    return images.masked_fill(cut_rows[:, None, :, None] & cut_columns[:, None, None, :], 0)


AUGMENTATIONS: dict[str, Callable[[torch.Tensor, BatchRandom], torch.Tensor]] = {
    "flip": flip,
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _uniform(random: BatchRandom) -> torch.Tensor:
    """Return one number in [0, 1) per image: [B, 1, 1, 1]."""
    return random.uniform()[:, None, None, None]


def _shifted(images: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the source line of each line of a shifted image, and True where that is inside: both [B, R]."""
    side = images.shape[-1]
    source = torch.arange(side, device=images.device) + shift[:, None]
    return source.clamp(0, side - 1), (source >= 0) & (source < side)


def _within(images: torch.Tensor, centre: torch.Tensor, size: int) -> torch.Tensor:
    """Mark the lines that a square of `size` about `centre` covers: [B, R]."""
    offset = torch.arange(images.shape[-1], device=images.device) - (centre[:, None] - size // 2)
    return (offset >= 0) & (offset < size)
