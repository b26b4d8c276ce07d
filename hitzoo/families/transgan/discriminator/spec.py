"""The section of a TransGAN discriminator, with every default of the published code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hitzoo.families.transgan.attention import AttentionKind, NormKind


@dataclass(frozen=True, kw_only=True)
class TransganDiscriminatorStageSpec:
    """One scale; each has half the resolution of the one before.

    What `channels` are more than the stage's before are patches of its own, made of the image by a convolution whose
    `kernel` is its stride when absent.
    """

    channels: int
    depth: int
    heads: int = 4
    kernel: int | None = None
    attention: AttentionKind = "global"
    block_size: int | None = None
    global_depth: int = 0


@dataclass(frozen=True, kw_only=True)
class TransganDiscriminatorSpec:
    """TransGAN's multi-scale discriminator (Jiang et al. 2021, section 3.2).

    `patch_size` is the side P in pixels of the first stage's patches, and 2P, 4P, … that of the later ones'. The logit
    is read off a learned token, which joins the last stage's positions in a last block with as many heads.
    """

    family: Literal["transgan"] = "transgan"
    patch_size: int = 2
    norm: NormKind = "layer"
    mlp_expansion: int = 4
    relative_position: bool = True
    noise: bool = False
    stages: tuple[TransganDiscriminatorStageSpec, ...]
