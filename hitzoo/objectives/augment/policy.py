"""Policies of augmentation: transforms in their order, each applied to every image or to some.

Source: Zhao et al. 2020 (DiffAugment); probabilities as in TransGAN's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from hitzoo.objectives.augment.band_filter import BandFilter
from hitzoo.objectives.augment.color import Color, Hue
from hitzoo.objectives.augment.place import Cutout, Erase, Flip, Translation
from hitzoo.objectives.batch_random import BatchRandom


class Transform(Protocol):
    """A random change of images that is affine in them: [B, C, R, R] -> [B, C, R, R]."""

    def __call__(self, images: torch.Tensor, random: BatchRandom) -> torch.Tensor:
        """Return changed images, differentiable by the images."""


@dataclass(frozen=True)
class Entry:
    """A transform that is applied with some `probability`: to each image by itself, or to a batch as a whole."""

    transform: Transform
    probability: float = 1.0
    per_batch: bool = False

    def __call__(self, images: torch.Tensor, random: BatchRandom, strength: float | None = None) -> torch.Tensor:
        """Return the images, those chosen changed; `strength` is a factor of the probability."""
        if self.probability == 1 and strength is None:
            return self.transform(images, random)
        chance = self.probability * (1.0 if strength is None else strength)
        chosen = (random.shared() if self.per_batch else random.uniform())[:, None, None, None] < chance
        return torch.where(chosen, self.transform(images, random), images)


@dataclass(frozen=True)
class Augmentation:
    """A policy: its entries in the order in which they are applied."""

    entries: Sequence[Entry]

    def __call__(self, images: torch.Tensor, random: BatchRandom, strength: float | None = None) -> torch.Tensor:
        """Return augmented images, differentiable by the images; every entry is applied with this `strength`."""
        for entry in self.entries:
            images = entry(images, random, strength)
        return images


AUGMENTATIONS: dict[str, Transform] = {
    "flip": Flip(),
    "color": Color(),
    "translation": Translation(),
    "cutout": Cutout(),
    "erase": Erase(),
    "hue": Hue(),
    "filter": BandFilter(),
}
"""By the name a spec gives."""
