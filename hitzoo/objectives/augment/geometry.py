"""Random maps of the plane: what ADA's pipeline does to the places of pixels.

A map is drawn as its inverse, [B, 3, 3], from places of the result (x, y, 1), in pixels from the middle of the image,
to places of the image. B images per batch, C channels, R pixels per side.
Source: Karras et al. 2020, appendix B ("pixel blitting" and "general geometric transformations").
"""

from __future__ import annotations

from math import pi

import torch

from hitzoo.objectives.batch_random import BatchRandom

_SHIFT = 0.125  # of the side: the greatest whole one, and the deviation of the other
_SCALE = 0.2  # deviation of the binary logarithm


def turned(images: torch.Tensor, random: BatchRandom, chance: float) -> torch.Tensor:
    """Mirror images left to right, and turn them by quarters; each with a probability, with which all are alike."""
    mirror, quarter = _chosen(random, chance), _chosen(random, chance)
    mirrored = mirror[0] & (mirror[1] < 0.5)
    images = torch.where(_each(mirrored), images.flip(-1), images)
    quarters = torch.where(quarter[0], (4 * quarter[1]).floor(), 0.0)
    images = torch.where(_each(quarters >= 2), images.flip((-2, -1)), images)
    return torch.where(_each(quarters % 2 == 1), images.transpose(2, 3).flip(-1), images)


def shift(random: BatchRandom, chance: float, side: int) -> torch.Tensor:
    """Draw inverses of shifts by whole pixels, up to an eighth of the side each way."""
    chosen, *by = random.uniforms(3).unbind(1)
    x, y = (torch.where(chosen < chance, ((2 * one - 1) * _SHIFT * side).round(), 0.0) for one in by)
    return _matrix(1, 0, -x, 0, 1, -y)


def general(random: BatchRandom, chance: float, side: int) -> torch.Tensor:
    """Draw inverses of scaling, rotation, stretching, another rotation, and a shift by parts of pixels, in this order.

    Either rotation has a probability of 1 − √(1 − p), so that one of the two is there with p.
    """
    sizes = random.normal(4)
    scale, before, stretch, after, moved = random.uniforms(5).unbind(1)
    angles = (2 * random.uniforms(2) - 1) * pi
    rotation = 1 - (1 - chance) ** 0.5
    larger = torch.where(scale < chance, (sizes[:, 0] * _SCALE).exp2(), 1.0)
    wider = torch.where(stretch < chance, (sizes[:, 1] * _SCALE).exp2(), 1.0)
    first, second = (torch.where(one < rotation, angles[:, k], 0.0) for k, one in enumerate((before, after)))
    x, y = (torch.where(moved < chance, sizes[:, k] * _SHIFT * side, 0.0) for k in (2, 3))
    back = _matrix(1 / larger, 0, 0, 0, 1 / larger, 0) @ _turn_back(first)
    return back @ _matrix(1 / wider, 0, 0, 0, wider, 0) @ _turn_back(second) @ _matrix(1, 0, -x, 0, 1, -y)


def _turn_back(angle: torch.Tensor) -> torch.Tensor:
    cosine, sine = angle.cos(), angle.sin()
    return _matrix(cosine, sine, 0, -sine, cosine, 0)


def _matrix(*upper: torch.Tensor | float) -> torch.Tensor:
    """Return matrices whose first two rows are given, numbers per image or for all: [B, 3, 3]."""
    like = next(number for number in upper if isinstance(number, torch.Tensor))
    full = [number if isinstance(number, torch.Tensor) else torch.full_like(like, number) for number in upper]
    rows = [*full, torch.zeros_like(like), torch.zeros_like(like), torch.ones_like(like)]
    return torch.stack(rows, dim=1).view(-1, 3, 3)


def _chosen(random: BatchRandom, chance: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw who is chosen, and a number in [0, 1): [B] each."""
    chosen, number = random.uniforms(2).unbind(1)
    return chosen < chance, number


def _each(chosen: torch.Tensor) -> torch.Tensor:
    return chosen[:, None, None, None]
