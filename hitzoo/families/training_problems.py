"""What in a spec's training does not fit its networks."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.resolution import doubling, reached_resolution, steps_of
from hitzoo.spec.types import Spec


def training_problems(spec: Spec) -> list[Problem]:
    """Everything of `training:` that cannot be done, each with its place."""
    return [*_statistics_problems(spec), *_regularizer_problems(spec), *_checkpointing_problems(spec)]


def _statistics_problems(spec: Spec) -> list[Problem]:
    """Batch norm needs two values a channel, and groups that divide the batch."""
    own, training = doubling(spec), spec.training
    if not own.uses_batch_norm:
        return []
    group = training.norm_statistics
    if isinstance(group, int) and training.batch_size % group:
        message = f"groups of {group} images do not divide the batch of {training.batch_size}"
        path = ("training", "norm_statistics")
        hint, beside = "choose a divisor of training.batch_size", [("training", "batch_size")]
        return [spec.places.problem(path, message, hint, beside=beside)]
    images = group if isinstance(group, int) else training.batch_size
    if images * own.smallest_map**2 > 1:
        return []
    message = "batch norm has a single value a channel: one image on a map of one pixel"
    beside = [("training", "norm_statistics"), ("generator", "norm"), ("generator", "initial_size")]
    return [spec.places.problem(("training", "batch_size"), message, "a batch of 2, or norm: layer", beside=beside)]


def _regularizer_problems(spec: Spec) -> list[Problem]:
    """Each kind once: two of a kind would be one with another weight, under one name in the metrics."""
    kinds = [regularizer.kind for regularizer in spec.training.regularizers]
    return [
        spec.places.problem(
            ("training", "regularizers", index), f"{kind} is there twice", "give one of them, with the weight you want"
        )
        for index, kind in enumerate(kinds)
        if kind in kinds[:index]
    ]


def _checkpointing_problems(spec: Spec) -> list[Problem]:
    """Resolutions are those that the generator's stages or blocks reach, and those the discriminator's start from."""
    wanted, last, own = spec.training.activation_checkpointing, reached_resolution(spec), doubling(spec)
    if isinstance(wanted, str):
        return []
    first = own.initial_size if own.family == "hit" else 2 * own.initial_size
    known = [side for k in range(20) if (side := last >> k) >= min(first, 8)]
    return [
        spec.places.problem(
            ("training", "activation_checkpointing", index),
            f"no stage or block has a resolution of {side}",
            f"possible: {', '.join(map(str, sorted(known)))}",
            beside=[("generator", "initial_size"), steps_of(spec)[0]],
        )
        for index, side in enumerate(wanted)
        if side not in known
    ]
