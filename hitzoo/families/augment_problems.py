"""Problems of a spec's augmentation: what its schema cannot say of keys that belong together."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import Problem
from hitzoo.spec.augmentation import AdaSpec, DiffAugmentSpec, EraseSpec
from hitzoo.spec.number import ScheduleSpec
from hitzoo.spec.place import Path
from hitzoo.spec.types import Spec

_PLACE: Path = ("training", "augment")
_SIGNED = ("non_saturating", "hinge")  # losses under which the sign of a logit is the discriminator's guess


def augment_problems(spec: Spec) -> list[Problem]:
    """Everything of `training.augment` that cannot be done."""
    augment = spec.training.augment
    if augment is None:
        return []
    own = _ada_problems(spec, augment) if isinstance(augment, AdaSpec) else _policy_problems(spec, augment)
    return [*own, *_strength_problems(spec, augment.strength)]


def _ada_problems(spec: Spec, augment: AdaSpec) -> Iterator[Problem]:
    names = [entry if isinstance(entry, str) else entry.group for entry in augment.transforms]
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"{name} is there already, and each group is applied once"
            yield spec.places.problem((*_PLACE, "transforms", index), message, "leave out one of them")
    yield from _adaptive_problems(spec, augment)


def _policy_problems(spec: Spec, augment: DiffAugmentSpec) -> Iterator[Problem]:
    for index, entry in enumerate(augment.policy):
        if isinstance(entry, EraseSpec) and entry.ratio[0] > entry.ratio[1]:
            message = f"the least share of the side, {entry.ratio[0]:g}, is above the greatest, {entry.ratio[1]:g}"
            place: Path = (*_PLACE, "policy", index, "ratio")
            yield spec.places.problem(place, message, "write the smaller one first")


def _adaptive_problems(spec: Spec, augment: AdaSpec) -> Iterator[Problem]:
    """A strength that is given does not adapt itself; one that does needs logits whose sign means something."""
    if augment.strength is not None:
        for key in ("target", "images"):
            if getattr(augment, key) is not None:
                message = f"{key} has no effect beside a strength, which does not adapt itself"
                yield spec.places.problem((*_PLACE, key), message, "leave out one of them")
    elif spec.training.loss not in _SIGNED:
        message = f"under a {spec.training.loss} loss the sign of a logit means nothing that a strength could follow"
        hint = "give a strength, such as {from: 0, to: 0.3, images: 20000000}"
        yield spec.places.problem(_PLACE, message, hint, beside=[("training", "loss")])


def _strength_problems(spec: Spec, strength: object) -> Iterator[Problem]:
    """A schedule of a probability ends between 0 and 1, and is not 0 throughout."""
    if not isinstance(strength, ScheduleSpec):
        return
    place: Path = (*_PLACE, "strength")
    for key, value in (("from", strength.from_), ("to", strength.to)):
        if value > 1:
            yield spec.places.problem((*place, key), f"{value:g} is out of range: at most 1")
    if not strength.from_ and not strength.to:
        yield spec.places.problem(place, "it is 0 at both ends", "let one of from and to be more than 0")
