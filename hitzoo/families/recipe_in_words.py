"""A spec's recipe in a few words, with the factors of gradient penalties as other projects write them."""

from __future__ import annotations

from fractions import Fraction
from math import log

from hitzoo.families.augment_in_words import augment_in_words
from hitzoo.families.number_in_words import ends_in_words, number_in_words
from hitzoo.spec.batches import images_of_a_step
from hitzoo.spec.types import (
    AdamSpec,
    EmaSpec,
    Number,
    PathLengthSpec,
    R1Spec,
    R2Spec,
    ReconstructionSpec,
    RegularizerSpec,
    ScheduleSpec,
    Spec,
    TrainingSpec,
)


def recipe_in_words(spec: Spec) -> str:
    """Return loss, penalties, augmentation, order of updates, learning rates and average: `hinge, r1 10 (γ 20); …`."""
    training = spec.training
    san = ["san"] if getattr(spec.discriminator, "san", False) else []
    losses = _reconstruction(training.reconstruction or ReconstructionSpec()) if spec.encoder else []
    terms = [*losses, training.loss, *san, *map(_term, training.regularizers)]
    augment = [] if training.augment is None else [augment_in_words(training.augment)]
    words = [_average(average, training) for average in training.averages]
    average = f"average {words[0]}" if len(words) == 1 else f"averages {' and '.join(words)}"
    return "; ".join([", ".join(terms), *augment, *_updates(training), _adam(training.optimizer), average])


def _reconstruction(spec: ReconstructionSpec) -> list[str]:
    """Return the losses of an autoencoder, the adversarial one by its weight."""
    perceptual = [] if spec.perceptual == "none" else [f"{spec.perceptual} {spec.perceptual_weight:g}"]
    own = spec.adversarial
    beginning = f" from image {own.start:,} on" if own.start else ""
    adaptive = "adaptive " if own.adaptive else ""
    return [
        f"{spec.pixels} {spec.pixel_weight:g}",
        *perceptual,
        f"{adaptive}adversarial {number_in_words(own.weight)}{beginning}",
    ]


def gamma_notes(spec: Spec) -> tuple[str, ...]:
    """Return a line per gradient penalty on real or fake images: its weight, and γ of StyleGAN and R3GAN.

    A weight that was chosen comes with the reason.
    """
    return tuple(
        spec.places.chosen.get(("training", "regularizers", index, "weight"))
        or f"{term.kind}: weight {number_in_words(term.weight)} stands before E‖∇D‖² without a factor ½; in StyleGAN's"
        f" and R3GAN's convention γ is {number_in_words(term.weight, 2)}"
        for index, term in enumerate(spec.training.regularizers)
        if isinstance(term, R1Spec | R2Spec) and term.weight != "auto"
    )


def average_in_words(training: TrainingSpec, name: object) -> str:
    """Return what the average of that name is, of several or recalibrated; empty for one that is as usual."""
    averages = training.averages
    found = [_average(average, training) for average in averages if name in (None, average.name)]
    if len(averages) == 1:
        return "" if averages[0].recalibrate is None else found[0] if found else ""
    return f"{found[0]} (one of {', '.join(average.name for average in averages)})" if found and name else ""


def _term(term: RegularizerSpec) -> str:
    words = f"{term.kind} {number_in_words(term.weight)}"
    if isinstance(term, R1Spec | R2Spec):
        words += f" (γ {ends_in_words(term.weight, 2)})"
        if term.method == "finite_difference":
            share = (
                ""
                if term.fraction in (None, 1)
                else f" on {Fraction(term.fraction).limit_denominator(4096)} of the batch"
            )
            words += f" by finite differences{share}"
    if isinstance(term, PathLengthSpec):
        words += f" on 1/{term.batch_shrink} of the batch" if term.batch_shrink > 1 else ""
        return words + (f" every {term.interval} steps" if term.interval > 1 else "")
    return words + (f" every {term.interval} updates" if term.interval > 1 else "")


def _updates(training: TrainingSpec) -> list[str]:
    if isinstance(training.updates, str):
        return []
    count, batch = training.updates.discriminator, training.updates.generator_batch_size
    of_generator = f" on {batch} images" if batch else ""
    after = training.updates.generator_after
    order = f" after {after}" if after and after < count else ""
    stale = ", whose gradient stays with the discriminator" if training.updates.stale_gradient else ""
    lazy = ", and one for regularizers whose turn it is" if training.updates.lazy_updates else ""
    words = f"{count} update{'s' if count > 1 else ''} of the discriminator to 1 of the generator"
    return [words + of_generator + order + stale + lazy]


def _adam(optimizer: AdamSpec) -> str:
    words = f"adam {number_in_words(optimizer.learning_rate)}, β {_betas(optimizer.betas)}"
    words += f", gradients up to {optimizer.clip_norm:g}" if optimizer.clip_norm else ""
    words += f", warm-up of {optimizer.warm_up:,} images" if optimizer.warm_up else ""
    for role, own in (
        ("generator", optimizer.generator),
        ("discriminator", optimizer.discriminator),
        ("encoder", optimizer.encoder),
        ("quantizer", optimizer.quantizer),
    ):
        if own is None:
            continue
        parts = [number_in_words(own.learning_rate)] if own.learning_rate is not None else []
        parts += [f"β {_betas(own.betas)}"] if own.betas is not None else []
        parts += [f"gradients up to {own.clip_norm:g}"] if own.clip_norm is not None else []
        words += f" ({role}: {', '.join(parts)})" if parts else ""
    return words


def _betas(betas: tuple[Number, Number]) -> str:
    return " and ".join(map(number_in_words, betas))


def _average(average: EmaSpec, training: TrainingSpec) -> str:
    anew = "" if average.recalibrate is None else f", recalibrated on {average.recalibrate:,} samples"
    if average.half_life is not None:
        half_life = average.half_life
        unit = "" if isinstance(half_life, ScheduleSpec) else " images"  # a schedule's words end in its own
        limit = "" if average.ramp is None else f", at most {average.ramp:g} of those seen"
        return f"with a half-life of {number_in_words(half_life)}{unit}{limit}{anew}"
    decay = average.decay
    if not decay:
        return f"is a copy{anew}"
    images = images_of_a_step(training) * log(0.5) / log(decay)
    return f"{decay:g} per step, a half-life of {images:,.0f} images{anew}"
