"""Gaussian noise from keys: a network or an objective makes it where it is needed, and one number per image is drawn.

B images per batch.
"""

from __future__ import annotations

from math import pi

import torch

WORD = (1 << 32) - 1
NO_NOISE = -1
"""The key of an image that gets none."""

_RADIUS, _ANGLE = 0x9E3779B9, 0x3C6EF372  # two streams of numbers from one
_FIXED_POINT = float(1 << 28)


def keys_of(x: torch.Tensor) -> torch.Tensor:
    """Make keys of numbers drawn from N(0, 1): [B] -> [B] in int64; 0, which no draw is, means no noise."""
    words = (x.to(torch.promote_types(x.dtype, torch.float32)) * _FIXED_POINT).long() & WORD
    return torch.where(x == 0, NO_NOISE, _mixed(words))


def stream_of(keys: torch.Tensor, number: int) -> torch.Tensor:
    """Make the keys of one of several independent streams: [B] -> [B]; no noise stays no noise."""
    return torch.where(keys < 0, keys, _mixed((keys + (number + 1) * _RADIUS) & WORD))


def normal(keys: torch.Tensor, count: int) -> torch.Tensor:
    """Make `count` numbers N(0, 1) of every key from 0 to 2³² − 1: [B] -> [B, count] in float32.

    They follow from key and place alone, on whatever device, up to rounding: one number per image is drawn for a batch
    and sent, and none of an image that is another process's is made. By Box and Muller's transform of two uniform
    numbers, each a hash of key and place (Wellons' `lowbias32`).
    """
    radius, angle = _polar(keys, torch.arange(-(-count // 2), device=keys.device))
    return torch.cat((radius * angle.cos(), radius * angle.sin()), dim=1)[:, :count]


def normal_at(keys: torch.Tensor, places: torch.Tensor, count: int) -> torch.Tensor:
    """Make some of the numbers of `normal(keys, count)`, those at `places`: [B], [N] -> [B, N]."""
    half = -(-count // 2)
    radius, angle = _polar(keys, places % half)
    return radius * torch.where(places < half, angle.cos(), angle.sin())


def _polar(keys: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Radius and angle of a point in the plane for every key and place: [B], [N] -> [B, N] twice."""
    seeds = _mixed((_mixed(places)[None] + keys[:, None]) & WORD)
    return (-2 * _uniform(seeds ^ _RADIUS).log()).sqrt(), 2 * pi * _uniform(seeds ^ _ANGLE)


def _uniform(seeds: torch.Tensor) -> torch.Tensor:
    """Hash words to numbers above 0 and at most 1."""
    return (_mixed(seeds).float() + 0.5) / (WORD + 1)


def _mixed(words: torch.Tensor) -> torch.Tensor:
    """Permute words of 32 bits, held in int64, so that each bit depends on all."""
    words = ((words ^ (words >> 16)) * 0x7FEB352D) & WORD
    words = ((words ^ (words >> 15)) * 0x846CA68B) & WORD
    return words ^ (words >> 16)
