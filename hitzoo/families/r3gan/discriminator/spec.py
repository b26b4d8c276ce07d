"""The section of an R3GAN discriminator, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class R3ganDiscriminatorSpec:
    """The discriminator of R3GAN (Huang et al. 2024, configuration E), the mirror of its generator.

    `channels` are the widths from the image's resolution down to 4×4. Inside its `blocks` a stage is `expansion` times
    as wide, in groups of `group_width`. With `classes` it has a direction for each.
    """

    family: Literal["r3gan"] = "r3gan"
    channels: tuple[int, ...] = (96, 192, 384, 768, 768, 768, 768)
    blocks: int = 2
    expansion: int = 2
    group_width: int = 16
    classes: int = 0
