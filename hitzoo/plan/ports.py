"""The inputs and outputs of networks as values: the sockets by which networks are put together.

A generator takes one row of `input_width` numbers per sample, those of its ports one after another, all drawn from
N(0, 1) by one seed: a seed means one image, however many ports there are. `hitzoo.layers.inputs` splits rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias


@dataclass(frozen=True)
class Latent:
    """A vector z ~ N(0, 1) of `dim` numbers; truncation scales it."""

    dim: int

    @property
    def numbers(self) -> int:
        """Numbers per sample."""
        return self.dim


@dataclass(frozen=True)
class Noise:
    """An array of N(0, 1) numbers of `shape`, as StyleGAN adds to its maps; truncation leaves it alone."""

    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """Numbers per sample."""
        return prod(self.shape)


@dataclass(frozen=True)
class NoiseKey:
    """A number x ~ N(0, 1) of which a network makes all the noise that it adds to its maps; 0 means none.

    One number per sample is drawn and carried, however much noise it stands for (`hitzoo.layers.keyed_noise`).
    """

    @property
    def numbers(self) -> int:
        """Numbers per sample."""
        return 1


@dataclass(frozen=True)
class Labels:
    """A class from 0 to `count` − 1, each as likely as another.

    In a row it is one number x ~ N(0, 1), which stands for the class ⌊count · Φ(x)⌋.
    """

    count: int

    @property
    def numbers(self) -> int:
        """Numbers per sample."""
        return 1


@dataclass(frozen=True)
class Codes:
    """A map of `width` numbers at `side`² places, made by another network: no seed draws it.

    A quantizer's has one of `count` vectors at each; 0 where any may be there.
    """

    side: int
    width: int
    count: int = field(default=0, repr=False)


@dataclass(frozen=True)
class Image:
    """Pixels [channels, side, side] in [-1, 1]."""

    side: int
    channels: int


@dataclass(frozen=True)
class Logits:
    """One logit per image, or one for each of an image's `places`; large means real."""

    places: int = 1


Drawn: TypeAlias = Latent | Noise | NoiseKey | Labels
"""Ports whose numbers a seed draws."""

Port: TypeAlias = Drawn | Codes | Image | Logits


def input_width(ports: Iterable[Port]) -> int:
    """Numbers in one sample's row; ports that no seed draws have none there."""
    return sum(port.numbers for port in ports if isinstance(port, Drawn))


def columns_of(ports: Iterable[Port]) -> list[tuple[Drawn, slice]]:
    """Each drawn port with the columns of a row that hold its numbers."""
    found: list[tuple[Drawn, slice]] = []
    start = 0
    for port in ports:
        if isinstance(port, Drawn):
            found.append((port, slice(start, start + port.numbers)))
            start += port.numbers
    return found
