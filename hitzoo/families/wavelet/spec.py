"""The section of a wavelet discriminator, with every default of StyleSwin's published code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class WaveletDiscriminatorSpec:
    """The discriminator of StyleSwin (Zhang et al. 2022): every scale of the image enters by its Haar transform.

    Widths are 512 up to 32×32 and fall as 16,384·`channel_multiplier` by the resolution above, unless `channels` names
    them from the map of half the image's side down to 4×4. With `spectral_norm`
    weights are divided by their largest singular value instead of having an equalized learning rate.
    """

    family: Literal["wavelet"] = "wavelet"
    channel_multiplier: int = 2
    channels: tuple[int, ...] | None = None
    minibatch_std: int = 4
    spectral_norm: bool = False
