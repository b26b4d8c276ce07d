"""Problems of a spec's augmentation: what its schema cannot say of numbers that belong together."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import Problem
from hitzoo.spec.augmentation import EraseSpec, TransformEntry
from hitzoo.spec.number import ScheduleSpec
from hitzoo.spec.place import Path
from hitzoo.spec.types import Spec


def augment_problems(spec: Spec) -> list[Problem]:
    """Everything of `training.augment` that cannot be done."""
    augment = spec.training.augment
    if augment is None:
        return []
    place: Path = ("training", "augment")
    return [
        *_policy_problems(spec, (*place, "policy"), augment.policy),
        *_strength_problems(spec, (*place, "strength"), augment.strength),
    ]


def _policy_problems(spec: Spec, place: Path, policy: tuple[TransformEntry, ...]) -> Iterator[Problem]:
    for index, entry in enumerate(policy):
        if isinstance(entry, EraseSpec) and entry.ratio[0] > entry.ratio[1]:
            message = f"the least share of the side, {entry.ratio[0]:g}, is above the greatest, {entry.ratio[1]:g}"
            yield spec.places.problem((*place, index, "ratio"), message, "write the smaller one first")


def _strength_problems(spec: Spec, place: Path, strength: object) -> Iterator[Problem]:
    """A schedule of a probability ends between 0 and 1, and is not 0 throughout."""
    if not isinstance(strength, ScheduleSpec):
        return
    for key, value in (("from", strength.from_), ("to", strength.to)):
        if value > 1:
            yield spec.places.problem((*place, key), f"{value:g} is out of range: at most 1")
    if not strength.from_ and not strength.to:
        yield spec.places.problem(place, "it is 0 at both ends", "let one of from and to be more than 0")
