"""The section of a convolutional generator, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ConvnetGeneratorSpec:
    """The residual convolutional generator that HiT is compared with (ConvNet-R1, after SAGAN).

    `channels` are the widths from the initial map to the image, the resolution doubling from one to the next.
    """

    family: Literal["convnet"] = "convnet"
    latent_dim: int = 256
    initial_size: int = 4
    channels: tuple[int, ...] = (1024, 1024, 512, 256, 128, 64)

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.channels)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "channels"
