"""The regularizers of a training: terms added to the discriminator's loss, and one of the generator."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from hitzoo.spec.number import Number, PenaltyWeight


@dataclass(frozen=True, kw_only=True)
class R1Spec:
    """R1: weight · E‖∇D(real)‖², without a factor ½ (StyleGAN's gamma is twice this weight).

    With an `interval` of k it is taken every k-th step with k times its weight (lazy regularization). The
    `finite_difference` puts ((D(x + σε) − D(x))/σ)² with ε ~ N(0, I) in the place of ‖∇D‖², on a `fraction` of the
    batch; σ is 0.01 and the fraction 1 when absent.
    """

    kind: Literal["r1"] = "r1"
    weight: PenaltyWeight = "auto"
    interval: int = 1
    method: Literal["exact", "finite_difference"] = "exact"
    sigma: float | None = None
    fraction: float | None = None


@dataclass(frozen=True, kw_only=True)
class R2Spec:
    """R2: weight · E‖∇D(fake)‖², without a factor ½; everything else as in R1."""

    kind: Literal["r2"] = "r2"
    weight: PenaltyWeight = "auto"
    interval: int = 1
    method: Literal["exact", "finite_difference"] = "exact"
    sigma: float | None = None
    fraction: float | None = None


@dataclass(frozen=True, kw_only=True)
class WganGpSpec:
    """WGAN-GP's penalty: weight/target² · E(‖∇D‖ − target)², between real and fake images."""

    kind: Literal["wgan_gp"] = "wgan_gp"
    weight: Number = 10.0
    target: float = 1.0
    interval: int = 1


@dataclass(frozen=True, kw_only=True)
class DriftSpec:
    """The drift of real logits from 0: weight · E D(real)², or weight · (E D(real))² with `of: mean`."""

    kind: Literal["drift"] = "drift"
    weight: Number = 0.001
    of: Literal["logits", "mean"] = "logits"
    interval: int = 1


@dataclass(frozen=True, kw_only=True)
class BcrSpec:
    """Balanced consistency: weight · [E(D(x) − D(T x))² + E(D(G z) − D(T G z))²] (Zhao et al. 2020, bCR)."""

    kind: Literal["bcr"] = "bcr"
    weight: Number = 10.0
    interval: int = 1
    augment: tuple[Literal["flip", "color", "translation", "cutout"], ...] = ("color", "translation", "cutout")


@dataclass(frozen=True, kw_only=True)
class LeCamSpec:
    """LeCam: weight · [E max(0, D(x) − α_fake)² + E max(0, α_real − D(G z))²], α the averages of the mean logits."""

    kind: Literal["lecam"] = "lecam"
    weight: Number = 0.001
    interval: int = 1
    decay: float = 0.999


@dataclass(frozen=True, kw_only=True)
class PathLengthSpec:
    """Path length regularization of the generator: weight · E(‖J_wᵀ y‖ − a)² (Karras et al. 2020, equation 4).

    It makes an update of the generator alone in every `interval`-th step, with `interval` times its weight, on a
    `batch_shrink`-th of the generator's batch. a is the moving average of the lengths, with `decay` as the weight of
    what is new.
    """

    kind: Literal["path_length"] = "path_length"
    weight: Number = 2.0
    interval: int = 4
    batch_shrink: int = 2
    decay: float = 0.01


def whole_fraction(fraction: float) -> Fraction:
    """Return the fraction that a decimal number means: 0.25 is 1/4; an image is at least 1/4096 of a batch."""
    return Fraction(fraction).limit_denominator(4096)


PenaltySpec: TypeAlias = R1Spec | R2Spec | BcrSpec | WganGpSpec | DriftSpec | LeCamSpec
"""A regularizer of the discriminator."""

RegularizerSpec: TypeAlias = PenaltySpec | PathLengthSpec
