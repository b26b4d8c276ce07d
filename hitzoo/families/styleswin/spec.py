"""The section of a StyleSwin generator, with every default of its published code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hitzoo.plan.conditioning import ConditioningWord
from hitzoo.spec.head_group import HeadGroupSpec

LARGEST_WINDOW = 8  # pixels
_HEAD_WIDTH, _FEWEST_HEADS = 32, 4


@dataclass(frozen=True, kw_only=True)
class StyleswinStageSpec:
    """One stage; each has twice the resolution of the one before.

    `attention` are head groups; without them the first half of the heads sees windows of 8 pixels (of the whole map
    where it is smaller) and the second half the same windows moved by half of their size, both with a bias. `heads` are
    one for 32 channels, but 4 at least, when absent. `to_rgb` says whether the stage adds to the image.
    """

    channels: int
    depth: int = 2
    heads: int | None = None
    attention: tuple[HeadGroupSpec, ...] | None = None
    to_rgb: bool = True

    @property
    def head_count(self) -> int:
        """Heads of each block."""
        return self.heads or max(self.channels // _HEAD_WIDTH, _FEWEST_HEADS)

    def groups_at(self, side: int) -> tuple[HeadGroupSpec, ...]:
        """The head groups on a map of a side."""
        size = min(side, LARGEST_WINDOW)
        plain = HeadGroupSpec(pattern="regional", size=size, bias=True)
        return self.attention or (plain, HeadGroupSpec(pattern="shifted_window", size=size, bias=True))


@dataclass(frozen=True, kw_only=True)
class StyleswinGeneratorSpec:
    """The StyleSwin generator (Zhang et al. 2022); with groups of neighborhoods StyleNAT's (Walton et al. 2022).

    A mapping network of `mapping_layers` makes a style of `style_dim` numbers of the latent, which enters every block
    as `conditioning` says: by adaptive instance norm (`adain`, as published), by a layer norm whose scale and shift
    are of the style (`self_modulated`), by one that scales what a part adds too (`adaln`), or in the weights of the
    layers after a layer norm (`modulated`).
    """

    family: Literal["styleswin"] = "styleswin"
    latent_dim: int = 512
    style_dim: int = 512
    mapping_layers: int = 8
    initial_size: int = 4
    mlp_expansion: int = 4
    conditioning: ConditioningWord = "adain"
    stages: tuple[StyleswinStageSpec, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.stages)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "stages"
