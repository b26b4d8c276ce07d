"""The section of a HiT generator, with every default of the paper and its official code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from hitzoo.spec.head_group import HeadGroupSpec

AttentionKind: TypeAlias = Literal["multi_axis", "regional", "dilated", "interleaved", "axial", "global", "none"]
NormKind: TypeAlias = Literal["batch", "layer", "pixel"]


@dataclass(frozen=True, kw_only=True)
class StageSpec:
    """One stage of the HiT generator; each has twice the resolution of the one before.

    `block_size` is the side p of a block of pixels; `auto` balances the two axes, p·p ≈ (r/p)·(r/p). Attention over the
    whole map (`global`), along rows and columns (`axial`) and `none` have no blocks. `to_rgb` says whether the stage
    adds to the image; by default the ones without attention and the last do, the high-resolution stages of the paper.
    `attention` is a word, or a list of head groups, of which most words are short for one.
    """

    channels: int
    depth: int
    heads: int = 4
    attention: AttentionKind | tuple[HeadGroupSpec, ...] = "multi_axis"
    block_size: int | Literal["auto"] | None = None
    to_rgb: bool | None = None


@dataclass(frozen=True, kw_only=True)
class HitGeneratorSpec:
    """The HiT generator (Zhao et al. 2021, section 3).

    `latent_tokens` is the side t of the t×t tokens every stage cross-attends to; 0 leaves cross-attention out
    (the latent-conditioned INR decoder of Table 5). `heads_share_kv` is multi-query attention.
    """

    family: Literal["hit"] = "hit"
    latent_dim: int = 512
    initial_size: int = 8
    latent_tokens: int = 4
    heads_share_kv: bool = True
    norm: NormKind = "batch"
    mlp_expansion: int = 4
    stages: tuple[StageSpec, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.stages)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "stages"
