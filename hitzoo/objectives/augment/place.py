"""Transforms that move images, or cut pieces out of them; all channels alike.

B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hitzoo.objectives.batch_random import BatchRandom


@dataclass(frozen=True)
class Flip:
    """Mirror left to right with probability ½ (Zhao et al. 2020, bCR)."""

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the images, some mirrored."""
        mirrored = random.uniform()[:, None, None, None] < 0.5
        return torch.where(mirrored, images.flip(-1), images)


@dataclass(frozen=True)
class Translation:
    """Shift by whole pixels, up to `ratio` of the side each way; what comes in is 0.

    Source: Zhao et al. 2020 (DiffAugment), with an eighth as in the official HiT code; TransGAN has a fifth.
    """

    ratio: float = 0.125

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the shifted images."""
        side = images.shape[-1]
        most = int(side * self.ratio + 0.5)
        rows, inside_rows = _shifted(images, random.integers(-most, most))
        columns, inside_columns = _shifted(images, random.integers(-most, most))
        batch = torch.arange(len(images), device=images.device)[:, None, None]
        moved = images.permute(0, 2, 3, 1)[batch, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        return moved * (inside_rows[:, None, :, None] & inside_columns[:, None, None, :])


@dataclass(frozen=True)
class Cutout:
    """Set to 0 a square of `ratio` of the side, its centre anywhere in the image (Zhao et al. 2020, DiffAugment)."""

    ratio: float = 0.5

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the images with a hole."""
        side = images.shape[-1]
        size = int(side * self.ratio + 0.5)
        last = side - size % 2  # an even square has its centre between pixels, so one more place
        cut_rows = _within(images, random.integers(0, last), size)
        cut_columns = _within(images, random.integers(0, last), size)
        return images.masked_fill(cut_rows[:, None, :, None] & cut_columns[:, None, None, :], 0)


@dataclass(frozen=True)
class Erase:
    """Set to 0 a rectangle, height and width drawn from `least` to `most` of the side, its centre anywhere.

    With `alike` all images of a batch have one height and one width, as in TransGAN's code; the centres differ.
    """

    least: float = 0.2
    most: float = 0.7
    alike: bool = False

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return the images with a hole."""
        cut_rows, cut_columns = self._lines(images, random), self._lines(images, random)
        return images.masked_fill(cut_rows[:, None, :, None] & cut_columns[:, None, None, :], 0)

    def _lines(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Draw the lines of one direction that are cut: [B, R]."""
        side = images.shape[-1]
        least, most = max(int(self.least * side), 1), max(int(self.most * side), 1)
        size = _whole(random.shared() if self.alike else random.uniform(), least, most)
        centre = _whole(random.uniform(), 0, side - size % 2)
        return _within(images, centre, size[:, None])


def _whole(uniform: torch.Tensor, low: int, high: int | torch.Tensor) -> torch.Tensor:
    """Turn numbers in [0, 1) into whole ones from `low` to `high`, both included."""
    return (low + (uniform * (high - low + 1)).long()).clamp(max=high)


def _shifted(images: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the source line of each line of a shifted image, and True where that is inside: both [B, R]."""
    side = images.shape[-1]
    source = torch.arange(side, device=images.device) + shift[:, None]
    return source.clamp(0, side - 1), (source >= 0) & (source < side)


def _within(images: torch.Tensor, centre: torch.Tensor, size: int | torch.Tensor) -> torch.Tensor:
    """Mark the lines that a length of `size` about `centre` covers: [B, R]."""
    offset = torch.arange(images.shape[-1], device=images.device) - (centre[:, None] - size // 2)
    return (offset >= 0) & (offset < size)
