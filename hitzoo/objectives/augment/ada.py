"""The augmentation pipeline of ADA: many changes of an image, each applied with a probability p.

B images per batch, C channels, R pixels per side, in [-1, 1]. Source: Karras et al. 2020 ("Training Generative
Adversarial Networks with Limited Data"), appendix B, with the ranges there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import pi

import torch

from hitzoo.layers.keyed_noise import normal
from hitzoo.objectives.augment import geometry
from hitzoo.objectives.augment.band_filter import BandFilter
from hitzoo.objectives.augment.color import rotation_about_grey
from hitzoo.objectives.augment.resampling import resample
from hitzoo.objectives.batch_random import BatchRandom

_BRIGHTNESS = 0.2  # deviation
_CONTRAST = 0.5  # deviation of the binary logarithm
_SATURATION = 1.0  # likewise
_NOISE = 0.1  # deviation of the noise's own
_CUTOUT = 0.5  # of the side
_WORD = (1 << 32) - 1


@dataclass(frozen=True)
class Ada:
    """Transforms by the names `blit`, `geometry`, `color`, `filter`, `noise` and `cutout`, applied in this order.

    Turns and shifts are put together to one map, which moves an image once; what comes in from beyond its borders is
    mirrored. Colours are one affine map as well. With p = 0 images are as they were, to the bit, and take as long.
    Those of a name in `shares` are applied with that share of p.
    """

    transforms: Collection[str] = ("blit", "geometry", "color")
    shares: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, images: torch.Tensor, random: BatchRandom, strength: float | None = None) -> torch.Tensor:
        """Return augmented images, affine in those given; `strength` is p, 1 when absent."""
        chances = {
            name: (1.0 if strength is None else strength) * self.shares.get(name, 1.0) for name in self.transforms
        }
        images = self._moved(images, random, chances)
        if "color" in chances:
            images = colored(images, *colors(random, chances["color"], images.dtype))
        if "filter" in chances:
            images = BandFilter()(images, random, chances["filter"])
        if "noise" in chances:
            images = noisy(images, random, chances["noise"])
        return cut(images, random, chances["cutout"]) if "cutout" in chances else images

    def _moved(self, images: torch.Tensor, random: BatchRandom, chances: Mapping[str, float]) -> torch.Tensor:
        """Move images by quarters exactly, and by all else through one map."""
        side, maps = images.shape[-1], []
        if "blit" in chances:
            images = geometry.turned(images, random, chances["blit"])
            maps.append(geometry.shift(random, chances["blit"], side))
        if "geometry" in chances:
            maps.append(geometry.general(random, chances["geometry"], side))
        if not maps:
            return images
        inverse = maps[0] if len(maps) == 1 else maps[0] @ maps[1]
        still = (inverse == torch.eye(3, device=inverse.device)).flatten(1).all(1)[:, None, None, None]
        return torch.where(still, images, resample(images, inverse.to(images.dtype)))


def colors(random: BatchRandom, chance: float, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw affine maps of colours: matrices [B, 3, 3] and what is added [B, 3].

    They are brightness +N(0, 0.2²), contrast ·2^N(0, 0.5²), mirrored brightness with probability ½, hue turned by any
    angle, and saturation ·2^N(0, 1).
    """
    sizes = random.normal(3).to(dtype)
    brightness, contrast, mirror, half, turn, angle, saturation = random.uniforms(7).to(dtype).unbind(1)
    same = torch.eye(3, device=sizes.device, dtype=dtype)
    grey = torch.full_like(same, 1 / 3)  # the projection onto (1, 1, 1)/√3
    added = torch.where(brightness < chance, sizes[:, 0] * _BRIGHTNESS, 0.0)[:, None].expand(-1, 3)
    matrix = _scaled(torch.where(contrast < chance, (sizes[:, 1] * _CONTRAST).exp2(), 1.0)) * same
    matrix = torch.where(_scaled((mirror < chance) & (half < 0.5)), same - 2 * grey, same) @ matrix
    matrix = rotation_about_grey(torch.where(turn < chance, (2 * angle - 1) * pi, 0.0)) @ matrix
    factor = _scaled((sizes[:, 2] * _SATURATION).exp2())
    matrix = torch.where(_scaled(saturation < chance), grey + (same - grey) * factor, same) @ matrix
    return matrix, (matrix @ added[..., None])[..., 0]


def colored(images: torch.Tensor, matrix: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """Apply maps of colours; an image of one channel is grey, and becomes the mean of the three that it would be."""
    if images.shape[1] < 3:
        factor, constant = matrix.sum(2).mean(1), added.mean(1)
        return images * factor[:, None, None, None] + constant[:, None, None, None]
    colours = torch.einsum("bij,bjrc->birc", matrix, images[:, :3]) + added[:, :, None, None]
    return torch.cat((colours, images[:, 3:]), dim=1)


def noisy(images: torch.Tensor, random: BatchRandom, chance: float) -> torch.Tensor:
    """Add noise of a deviation |N(0, 0.1²)| of its own for each image."""
    keys, chosen, sizes = random.integers(0, _WORD), random.uniform(), random.normal(1)[:, 0]
    deviation = torch.where(chosen < chance, sizes.abs() * _NOISE, 0.0)[:, None, None, None]
    colours = images[:, :3]
    noise = normal(keys, colours[0].numel()).view(colours.shape)
    return torch.cat((colours + (deviation * noise).to(images.dtype), images[:, 3:]), dim=1)


def cut(images: torch.Tensor, random: BatchRandom, chance: float) -> torch.Tensor:
    """Set to 0 a square of half the side, its centre anywhere in the image."""
    chosen, *centres = random.uniforms(3).unbind(1)
    side = images.shape[-1]
    lines = (torch.arange(side, device=images.device) + 0.5) / side
    rows, columns = ((lines - centre[:, None]).abs() < _CUTOUT / 2 for centre in centres)
    hole = rows[:, :, None] & columns[:, None, :] & (chosen < chance)[:, None, None]
    return images.masked_fill(hole[:, None], 0)


def _scaled(numbers: torch.Tensor) -> torch.Tensor:
    return numbers[:, None, None]
