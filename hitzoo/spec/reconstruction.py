"""The losses of an autoencoder, as a spec has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hitzoo.spec.number import Number


@dataclass(frozen=True, kw_only=True)
class AdversarialSpec:
    """The adversarial term of an autoencoder's loss, of which the discriminator's side is `training.loss`.

    It counts with its `weight` from image number `start` on; `adaptive` multiplies that by VQGAN's λ, at most `most`.
    """

    weight: Number = 0.1
    start: int = 0
    adaptive: bool = False
    most: float = 10_000.0


@dataclass(frozen=True, kw_only=True)
class ReconstructionSpec:
    """The losses between images and their reconstructions, for a spec with an encoder; the defaults are VQGAN's.

    `pixels` is the mean absolute or squared difference, `perceptual` the network whose features are compared.
    """

    pixels: Literal["l1", "l2"] = "l1"
    pixel_weight: float = 1.0
    perceptual: Literal["lpips", "efficientnet", "random", "none"] = "lpips"
    perceptual_weight: float = 1.0
    adversarial: AdversarialSpec = field(default_factory=AdversarialSpec)
