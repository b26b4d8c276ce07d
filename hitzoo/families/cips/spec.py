"""The section of a CIPS generator, with every default of the published code at 256×256."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class CipsGeneratorSpec:
    """CIPS (Anokhin et al. 2021, section 3): a function of pixel coordinates whose weights depend on a style.

    `channels` are the widths of pairs of layers, each of which adds to the image. `embedding` is the width of a
    learned table with one entry per pixel of the training resolution; where the image is not in training the table
    is interpolated, with `align_corners` as torch's `grid_sample` has it. `noise` adds a number of learned strength
    to every pixel.
    """

    family: Literal["cips"] = "cips"
    latent_dim: int = 512
    style_dim: int = 512
    mapping_layers: int = 8
    resolution: int = 256
    fourier_features: int = 512
    embedding: int = 512
    align_corners: bool = False
    noise: bool = True
    channels: tuple[int, ...] = (512, 512, 512, 512, 512, 256, 128)
