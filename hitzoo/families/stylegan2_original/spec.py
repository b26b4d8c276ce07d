"""The section of StyleGAN2's discriminator as published, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Stylegan2OriginalSpec:
    """The residual discriminator of StyleGAN2 (Karras et al. 2020) with its tricks.

    `channels` names the widths from the image's resolution down to 4×4; without it the published schedule holds,
    scaled above 32×32 by `channel_multiplier`. `minibatch_std` is the group size, 0 leaves the feature out.
    """

    family: Literal["stylegan2_original"] = "stylegan2_original"
    channel_multiplier: int = 2
    channels: tuple[int, ...] | None = None
    minibatch_std: int = 4
