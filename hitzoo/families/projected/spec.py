"""The section of a projected discriminator, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ProjectedDiscriminatorSpec:
    """Small heads on the features of a frozen network (Sauer et al. 2021, "Projected GANs Converge Faster").

    `weights` is the sha256 of the frozen network's tensors: a run fills it in, and refuses others when it is resumed.
    `input_size` is the side that the frozen network sees; without it at least 224 pixels, as it was trained with.
    `channels` is the width of the finest mixed map, doubled with each halving. The mixing follows from `mixing_seed`.
    """

    family: Literal["projected"] = "projected"
    backbone: Literal[
        "tf_efficientnet_lite0",
        "tf_efficientnet_lite1",
        "tf_efficientnet_lite2",
        "tf_efficientnet_lite3",
        "tf_efficientnet_lite4",
    ] = "tf_efficientnet_lite0"
    weights: str | None = None
    input_size: int | None = None
    channels: int = 64
    mixing: Literal["cross_scale", "cross_channel", "none"] = "cross_scale"
    mixing_seed: int = 0
