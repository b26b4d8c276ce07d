"""Problems of a spec's training with its networks."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.augment_problems import augment_problems
from hitzoo.families.autoencoder_problems import autoencoder_problems
from hitzoo.families.average_problems import average_problems
from hitzoo.families.family import Outline
from hitzoo.families.schedule_problems import schedule_problems
from hitzoo.plan.network import NetworkPlan
from hitzoo.spec.place import Path
from hitzoo.spec.types import R1Spec, R2Spec, Spec, whole_fraction


def training_problems(spec: Spec, outline: Outline, discriminator: NetworkPlan | None = None) -> list[Problem]:
    """Everything of `training:` that cannot be done, each with its place."""
    return [
        *_statistics_problems(spec, outline),
        *_generator_batch_problems(spec, outline, discriminator),
        *_order_problems(spec),
        *schedule_problems(spec),
        *average_problems(spec, outline),
        *regularizer_problems(spec),
        *_difference_problems(spec, discriminator),
        *augment_problems(spec),
        *autoencoder_problems(spec),
        *_checkpointing_problems(spec, outline, discriminator),
    ]


def _statistics_problems(spec: Spec, outline: Outline) -> list[Problem]:
    """Batch norm needs two values per channel, and groups that divide the batch."""
    training = spec.training
    if outline.normed is None:
        return []
    group = training.norm_statistics
    if isinstance(group, int) and training.batch_size % group:
        message = f"groups of {group} images do not divide the batch of {training.batch_size}"
        path = ("training", "norm_statistics")
        hint, beside = "choose a divisor of training.batch_size", [("training", "batch_size")]
        return [spec.places.problem(path, message, hint, beside=beside)]
    images = group if isinstance(group, int) else training.batch_size
    if images * outline.normed**2 > 1:
        return []
    message = "batch norm has a single value a channel: one image on a map of one pixel"
    hint = ", or ".join(filter(None, ("a batch of 2", outline.without_batch_norm)))
    near: list[Path] = [("training", "norm_statistics"), ("generator", "norm"), *outline.decided_by]
    return [spec.places.problem(("training", "batch_size"), message, hint, beside=near)]


def _generator_batch_problems(spec: Spec, outline: Outline, discriminator: NetworkPlan | None) -> list[Problem]:
    """Groups of images that belong together divide the generator's batch too."""
    updates, norm = spec.training.updates, spec.training.norm_statistics
    if isinstance(updates, str) or updates.generator_batch_size is None:
        return []
    batch, place = updates.generator_batch_size, ("training", "updates", "generator_batch_size")
    groups = {("discriminator", "minibatch_std"): min(discriminator.grouped, batch) if discriminator else 1}
    if outline.normed is not None and isinstance(norm, int):
        groups["training", "norm_statistics"] = norm
    return [
        spec.places.problem(
            place, f"groups of {group} do not divide the generator's batch of {batch}", hint, beside=[path]
        )
        for path, group in groups.items()
        if batch % group
        for hint in [f"choose a multiple of {group}, or change {'.'.join(path)}"]
    ]


def _order_problems(spec: Spec) -> list[Problem]:
    """The generator's update has a place among the discriminator's, and a gradient left by it one that follows."""
    updates = spec.training.updates
    if isinstance(updates, str):
        return []
    count, after = updates.discriminator, updates.generator_after
    if updates.lazy_updates and all(one.interval == 1 for one in spec.training.penalties):
        message = "no regularizer of the discriminator has an interval, so that none has an update of its own"
        path, hint = ("training", "updates", "lazy_updates"), "leave it out, or give one an interval, such as 16"
        return [spec.places.problem(path, message, hint, beside=[("training", "regularizers")])]
    own: Path = ("training", "updates", "discriminator")
    if after is not None and after > count:
        message = f"the generator's update cannot come after {after} of the discriminator's {count}"
        hint = f"choose 1 to {count}, or leave it out for {count}"
        return [spec.places.problem(("training", "updates", "generator_after"), message, hint, beside=[own])]
    if updates.stale_gradient and after in (None, count):
        message = "no update of the discriminator follows the generator's in a step, to add the gradient that it leaves"
        hint = "add generator_after: 1" if count > 1 else "set discriminator: 2 or more, and generator_after: 1"
        beside: list[Path] = [own, ("training", "updates", "generator_after")]
        return [spec.places.problem(("training", "updates", "stale_gradient"), message, hint, beside=beside)]
    return []


def regularizer_problems(spec: Spec) -> list[Problem]:
    """Each kind once: two of a kind would be one with another weight, under one name in the metrics."""
    kinds = [regularizer.kind for regularizer in spec.training.regularizers]
    return [
        spec.places.problem(
            ("training", "regularizers", index), f"{kind} is there twice", "give one of them, with the weight you want"
        )
        for index, kind in enumerate(kinds)
        if kind in kinds[:index]
    ]


def _difference_problems(spec: Spec, discriminator: NetworkPlan | None) -> list[Problem]:
    """Options without effect, and parts of a batch that cannot be judged alone."""
    problems: list[Problem] = []
    for index, term in enumerate(spec.training.regularizers):
        if not isinstance(term, R1Spec | R2Spec):
            continue
        place: Path = ("training", "regularizers", index)
        if term.method == "exact":
            hint = "write method: finite_difference, or leave it out"
            given = [key for key in ("sigma", "fraction") if getattr(term, key) is not None]
            problems += [
                spec.places.problem((*place, key), f"{key} has no effect on an exact {term.kind}", hint)
                for key in given
            ]
        elif term.fraction is not None:
            problems += _fraction_problems(spec, (*place, "fraction"), term.fraction, discriminator)
    return problems


def _fraction_problems(spec: Spec, place: Path, fraction: float, discriminator: NetworkPlan | None) -> list[Problem]:
    batch, share = spec.training.batch_size, whole_fraction(fraction)
    if batch % share.denominator or float(share) != fraction:
        message = f"{fraction} of a batch of {batch} is no whole number of images"
        hint = "write a fraction such as 0.5 or 0.25 that gives one"
        return [spec.places.problem(place, message, hint, beside=[("training", "batch_size")])]
    if fraction < 1 and discriminator is not None and discriminator.grouped > 1:
        message = "a part of the batch has other groups than the whole (discriminator.minibatch_std)"
        hint = "leave fraction out, or minibatch_std"
        return [spec.places.problem(place, message, hint, beside=[("discriminator", "minibatch_std")])]
    return []


def _checkpointing_problems(spec: Spec, outline: Outline, discriminator: NetworkPlan | None) -> list[Problem]:
    """Resolutions are those that parts of the generator reach, and those that parts of the discriminator start from."""
    wanted = spec.training.activation_checkpointing
    if isinstance(wanted, str):
        return []
    known = {*outline.resolutions, *(side for _, side in (discriminator.parts if discriminator else ()))}
    return [
        spec.places.problem(
            ("training", "activation_checkpointing", index),
            f"no stage or block has a resolution of {side}",
            f"possible: {', '.join(map(str, sorted(known)))}",
            beside=[("generator", "initial_size"), *outline.decided_by],
        )
        for index, side in enumerate(wanted)
        if side not in known
    ]
