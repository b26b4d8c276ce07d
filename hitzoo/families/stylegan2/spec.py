"""The section of a StyleGAN2 discriminator, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Stylegan2DiscriminatorSpec:
    """The residual discriminator of StyleGAN2 without its tricks, as HiT uses it.

    `channels` names the widths from the image's resolution down to 4×4; without it the published schedule holds,
    scaled above 32×32 by `channel_multiplier`. `minibatch_std` is the group size, 0 leaves the feature out. `san` makes
    the last layer a direction and a scale.
    """

    family: Literal["stylegan2"] = "stylegan2"
    channel_multiplier: int = 1
    channels: tuple[int, ...] | None = None
    downsample: Literal["blur", "average"] = "blur"
    equalized: bool = False
    minibatch_std: int = 0
    san: bool = False
