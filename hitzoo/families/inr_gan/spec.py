"""The section of an INR-GAN generator, with every default of the published code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class InrGanStageSpec:
    """One stage: `depth` layers and a share in the image; with `upsample` its map has twice the last one's side.

    `waves` directions of 2, 4, … periods, `random_waves` and a learned `embedding` of every position come to the map
    before the stage's first layer.
    """

    channels: int
    depth: int = 2
    upsample: bool = False
    waves: Literal[0, 2, 4] = 0
    random_waves: int = 0
    embedding: int = 0


@dataclass(frozen=True, kw_only=True)
class InrGanGeneratorSpec:
    """INR-GAN (Skorokhodov et al. 2021): multi-scale implicit function of coordinates with modulated matrices.

    `initial_size` is the side of the first stage's map, `rank` that of the factor by which a style changes a matrix.
    `upsample` is `nearest`, or `bilinear` with maps divided by their deviation before all layers but a stage's first.
    """

    family: Literal["inr_gan"] = "inr_gan"
    latent_dim: int = 512
    style_dim: int = 512
    mapping_layers: int = 2
    rank: int = 10
    initial_size: int = 32
    upsample: Literal["nearest", "bilinear"] = "nearest"
    stages: tuple[InrGanStageSpec, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of every stage's map."""
        found: list[int] = []
        side = self.initial_size
        for index, stage in enumerate(self.stages):
            side = 2 * side if index and stage.upsample else side
            found.append(side)
        return tuple(found)
