"""The batches of a step, as a spec's `training` has them."""

from __future__ import annotations

from math import gcd

from hitzoo.spec.types import TrainingSpec


def generator_batch_size(training: TrainingSpec) -> int:
    """Return the fake images that the generator learns from in a step, of all processes."""
    own = None if isinstance(training.updates, str) else training.updates.generator_batch_size
    return own or training.batch_size


def path_length_batch_size(training: TrainingSpec) -> int:
    """Return the fake images of path length regularization, of all processes; the generator's batch without it."""
    shrink = training.path_length.batch_shrink if training.path_length else 1
    return generator_batch_size(training) // shrink


def batch_unit(training: TrainingSpec) -> int:
    """Return what other batches must be a multiple of, for the generator's batches to be whole in proportion."""
    return training.batch_size // gcd(training.batch_size, path_length_batch_size(training))


def images_of_a_step(training: TrainingSpec) -> int:
    """Return the real images that a step takes, of all processes; tests hold it against the objective's own count."""
    if isinstance(training.updates, str):
        return training.batch_size
    compared = generator_batch_size(training) if training.loss == "relativistic" else 0
    return training.updates.discriminator * training.batch_size + compared
