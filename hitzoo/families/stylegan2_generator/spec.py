"""The section of a StyleGAN2 generator, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoiseKind = Literal["random", "constant", "none"]


@dataclass(frozen=True, kw_only=True)
class Stylegan2GeneratorSpec:
    """The generator of StyleGAN2 with skip connections (Karras et al. 2020, configurations E and F).

    `channels` are the widths from the initial map to the image, the resolution doubling from one to the next. `noise`
    is drawn for every image, the same stored maps for all, or left out. `style_mixing` is a probability.
    """

    family: Literal["stylegan2"] = "stylegan2"
    latent_dim: int = 512
    style_dim: int = 512
    mapping_layers: int = 8
    mapping_learning_rate: float = 0.01
    initial_size: int = 4
    channels: tuple[int, ...] = (512, 512, 512, 512, 512, 256, 128)
    noise: NoiseKind = "random"
    style_mixing: float = 0.0

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.channels)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "channels"
