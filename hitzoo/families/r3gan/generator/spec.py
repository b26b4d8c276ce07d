"""The section of an R3GAN generator, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class R3ganGeneratorSpec:
    """The generator of R3GAN (Huang et al. 2024, configuration E).

    `channels` are the widths from the 4×4 map to the image, the resolution doubling from one to the next. Inside its
    `blocks` a stage is `expansion` times as wide, in groups of `group_width`. `classes` are drawn with the latent.
    """

    family: Literal["r3gan"] = "r3gan"
    latent_dim: int = 64
    initial_size: int = 4
    channels: tuple[int, ...] = (768, 768, 768, 768, 384, 192, 96)
    blocks: int = 2
    expansion: int = 2
    group_width: int = 16
    classes: int = 0
    class_dim: int = 64

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.channels)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "channels"
