"""From the words of a spec to an objective."""

from __future__ import annotations

from math import gcd
from typing import Any

from hitzoo.errors import RequestError
from hitzoo.objectives.adversarial_weight import AdversarialWeight
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.augment.words import augmentation_of, pipe_of
from hitzoo.objectives.noise import Noise
from hitzoo.objectives.path_length import PathLength
from hitzoo.objectives.perceptual import Perceptual
from hitzoo.objectives.reconstruction import Reconstruction
from hitzoo.objectives.schedule import Number
from hitzoo.objectives.scheduled import number_of
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.finite_difference import FiniteDifference
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.objectives.terms.lecam import LeCam
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.objectives.terms.san import SanDirection
from hitzoo.objectives.terms.term import AdversarialLoss, Term
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN, Drift, GradientPenalty
from hitzoo.objectives.update import Objective
from hitzoo.plan.role import Role
from hitzoo.spec import types
from hitzoo.spec.adam import adam_of

LOSSES: dict[str, AdversarialLoss] = {
    "non_saturating": NON_SATURATING,
    "hinge": HINGE,
    "relativistic": RELATIVISTIC,
    "wasserstein": WASSERSTEIN,
}
"""By the name a spec gives."""

_PAIR: tuple[Role, ...] = ("generator", "discriminator")
_SIGMA = 0.01  # of a finite difference


def objective_of(spec: types.Spec, batch_size: int | None = None) -> Objective:
    """Return the objective that a spec's `training` names, for its own batch size or another.

    Raises:
        RequestError: that batch gives the generator no whole one.
    """
    training, batch_size = spec.training, batch_size or spec.training.batch_size
    policies = [augmentation_of(one.augment) for one in training.regularizers if isinstance(one, types.BcrSpec)]
    given: dict[str, Any] = {
        "loss": LOSSES[training.loss],
        "penalties": penalties_of(spec),
        "path_length": path_length_of(training),
        "batch_size": batch_size,
        "augment": policies[0] if policies else None,
        "augment_pipe": None if training.augment is None else pipe_of(training.augment),
        "noise": bool(getattr(spec.discriminator, "noise", False)),
        "clip_norm": {role: norm for role in _roles(spec) if (norm := adam_of(training, role).clip_norm) is not None},
    }
    if spec.encoder is not None:
        return _reconstruction(training.reconstruction or types.ReconstructionSpec(), given)
    updates = training.updates
    own = None if isinstance(updates, str) else updates.generator_batch_size
    fakes = _in_proportion(own, training.batch_size, batch_size)
    if training.path_length:
        _refuse_fraction(fakes or batch_size, training.path_length.batch_shrink)
    if isinstance(updates, str):
        return Simultaneous(**given)
    given["generator_batch_size"] = fakes
    return Alternating(
        discriminator_updates=updates.discriminator,
        generator_after=updates.generator_after,
        stale_gradient=updates.stale_gradient,
        lazy_updates=updates.lazy_updates,
        **given,
    )


def _reconstruction(spec: types.ReconstructionSpec, given: dict[str, Any]) -> Reconstruction:
    """Return the objective of an autoencoder, whose discriminator sees images as they are; it has no latent."""
    adversarial = spec.adversarial
    return Reconstruction(
        pixels=spec.pixels,
        pixel_weight=spec.pixel_weight,
        perceptual=None if spec.perceptual == "none" else Perceptual(spec.perceptual),
        perceptual_weight=spec.perceptual_weight,
        adversarial=AdversarialWeight(
            weight=number_of(adversarial.weight),
            start=adversarial.start,
            adaptive=adversarial.adaptive,
            most=adversarial.most,
        ),
        **{key: value for key, value in given.items() if key not in ("augment_pipe", "noise", "path_length")},
    )


def _roles(spec: types.Spec) -> tuple[Role, ...]:
    return _PAIR if spec.encoder is None else Reconstruction.roles


def _in_proportion(generators: int | None, own: int, batch_size: int) -> int | None:
    """Return the generator's batch beside another batch of the discriminator than the spec's own."""
    if generators is None:
        return None
    if generators * batch_size % own:
        asked = f"a batch of {batch_size} gives the generator no whole one: its batch is {generators}/{own} of it"
        raise RequestError(f"{asked}; choose a multiple of {own // gcd(own, generators)}")
    return generators * batch_size // own


def _refuse_fraction(fakes: int, shrink: int) -> None:
    """Refuse a batch of the generator that path length regularization cannot take its part of."""
    if fakes % shrink:
        asked = f"a batch of {fakes} images of the generator has no whole part of 1/{shrink} (batch_shrink)"
        raise RequestError(f"{asked}; choose a multiple of {shrink}")


def penalties_of(spec: types.Spec) -> tuple[Term, ...]:
    """Return what is added to the discriminator's loss: the regularizers, and its last layer's direction."""
    direction = (SanDirection(),) if getattr(spec.discriminator, "san", False) else ()
    return (*map(penalty_of, spec.training.penalties), *direction)


def path_length_of(training: types.TrainingSpec) -> PathLength | None:
    """Return the generator's regularizer."""
    own = training.path_length
    if own is None:
        return None
    return PathLength(number_of(own.weight), own.interval, own.batch_shrink, own.decay)


def penalty_of(spec: types.PenaltySpec) -> Term:
    """Return the penalty that an entry of a spec's `training.penalties` names."""
    weight = number_of(spec.weight)
    match spec:
        case types.R1Spec() | types.R2Spec():
            return _of_gradient(spec, weight)
        case types.BcrSpec():
            return BalancedConsistency(weight, spec.interval)
        case types.WganGpSpec():
            return GradientPenalty(weight, spec.target, spec.interval)
        case types.DriftSpec():
            return Drift(weight, spec.of == "mean", spec.interval)
        case types.LeCamSpec():
            return LeCam(weight, spec.interval)


def _of_gradient(spec: types.R1Spec | types.R2Spec, weight: Number) -> Term:
    if spec.method == "exact":
        return R1(weight, spec.interval) if spec.kind == "r1" else R2(weight, spec.interval)
    noise = Noise(spec.sigma or _SIGMA, spec.fraction or 1.0)
    return FiniteDifference("real" if spec.kind == "r1" else "fake", weight, noise, spec.interval, spec.kind)
