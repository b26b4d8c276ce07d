"""What a spec says of augmentation: transforms of images, and how often the discriminator sees them transformed.

Lengths are shares of the side, chances go from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from hitzoo.spec.number import Number

Per: TypeAlias = Literal["image", "batch"]


@dataclass(frozen=True, kw_only=True)
class FlipSpec:
    """Mirror images left to right; each of those that are chosen with probability ½."""

    kind: Literal["flip"] = "flip"
    probability: float = 1.0
    per: Per = "image"


@dataclass(frozen=True, kw_only=True)
class ColorSpec:
    """Change brightness, saturation and contrast."""

    kind: Literal["color"] = "color"
    probability: float = 1.0
    per: Per = "image"


@dataclass(frozen=True, kw_only=True)
class TranslationSpec:
    """Shift by up to `ratio` of the side each way; what comes in is 0."""

    kind: Literal["translation"] = "translation"
    ratio: float = 0.125
    probability: float = 1.0
    per: Per = "image"


@dataclass(frozen=True, kw_only=True)
class CutoutSpec:
    """Set a square to 0 whose side is `ratio` of the image's."""

    kind: Literal["cutout"] = "cutout"
    ratio: float = 0.5
    probability: float = 1.0
    per: Per = "image"


@dataclass(frozen=True, kw_only=True)
class EraseSpec:
    """Set a rectangle to 0 whose height and width are drawn, each within these shares of the side."""

    kind: Literal["erase"] = "erase"
    ratio: tuple[float, float] = (0.2, 0.7)
    probability: float = 1.0
    per: Per = "image"


@dataclass(frozen=True, kw_only=True)
class HueSpec:
    """Rotate the colours about grey."""

    kind: Literal["hue"] = "hue"
    probability: float = 1.0
    per: Per = "image"


@dataclass(frozen=True, kw_only=True)
class FilterSpec:
    """Amplify or damp four bands of frequencies, each with this `probability`."""

    kind: Literal["filter"] = "filter"
    probability: float = 1.0


ChosenSpec: TypeAlias = FlipSpec | ColorSpec | TranslationSpec | CutoutSpec | EraseSpec | HueSpec
TransformSpec: TypeAlias = ChosenSpec | FilterSpec
TransformName: TypeAlias = Literal["flip", "color", "translation", "cutout", "erase", "hue", "filter"]
TransformEntry: TypeAlias = TransformName | TransformSpec
"""A transform by name, or by a mapping with its numbers."""


@dataclass(frozen=True, kw_only=True)
class DiffAugmentSpec:
    """Transforms in their order, each applied with probability `strength` times its own (always when absent).

    Source: Zhao et al. 2020 (DiffAugment).
    """

    kind: Literal["diffaugment"] = "diffaugment"
    policy: tuple[TransformEntry, ...] = ("color", "translation", "cutout")
    strength: Number | None = None


AdaName: TypeAlias = Literal["blit", "geometry", "color", "filter", "noise", "cutout"]


@dataclass(frozen=True, kw_only=True)
class AdaGroupSpec:
    """A group of ADA's transforms, each of them applied with this `probability` times p."""

    group: AdaName
    probability: float = 1.0


AdaEntry: TypeAlias = AdaName | AdaGroupSpec
"""A group by name, or by a mapping with its probability."""

ADA_TARGET, ADA_IMAGES = 0.6, 500_000
"""The paper's numbers for a strength that adapts itself."""


@dataclass(frozen=True, kw_only=True)
class AdaSpec:
    """ADA's transforms, each applied with a probability p: a `strength`, or one that adapts itself.

    Without a `strength` p follows the mean sign of D at real images towards a `target` (0.6 when absent), so fast that
    it goes from 0 to 1 in so many `images` (500,000 when absent). Source: Karras et al. 2020.
    """

    kind: Literal["ada"] = "ada"
    transforms: tuple[AdaEntry, ...] = ("blit", "geometry", "color")
    strength: Number | None = None
    target: float | None = None
    images: int | None = None


AugmentSpec: TypeAlias = DiffAugmentSpec | AdaSpec
