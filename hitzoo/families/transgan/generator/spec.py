"""The section of a TransGAN generator, with every default of the published code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hitzoo.families.transgan.attention import AttentionKind, NormKind


@dataclass(frozen=True, kw_only=True)
class TransganStageSpec:
    """One stage; each has twice the resolution of the one before.

    `upsample` is how the map comes from the stage before: `pixel_shuffle` deals each position's channels to 2×2
    positions, `bicubic` keeps the width. `depth` blocks have the stage's `attention`, `global_depth` more attend to the
    whole map. `smooth` low-passes the stage's map before the next one, or the image, takes it.
    """

    channels: int
    depth: int
    heads: int = 4
    upsample: Literal["pixel_shuffle", "bicubic"] = "pixel_shuffle"
    attention: AttentionKind = "global"
    block_size: int | None = None
    global_depth: int = 0
    smooth: bool = False


@dataclass(frozen=True, kw_only=True)
class TransganGeneratorSpec:
    """The TransGAN generator (Jiang et al. 2021, section 3.1).

    `latent_tokens` is the side t of t×t tokens of the first stage's width, made of the latent, which every block
    attends to before its own map; 0 leaves them out. `noise` adds a number of learned strength to every position of
    what attention takes.
    """

    family: Literal["transgan"] = "transgan"
    latent_dim: int = 512
    initial_size: int = 8
    norm: NormKind = "layer"
    mlp_expansion: int = 4
    relative_position: bool = True
    noise: bool = False
    latent_tokens: int = 0
    stages: tuple[TransganStageSpec, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.stages)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "stages"
