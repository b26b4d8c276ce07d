"""From the words of a spec to an augmentation."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.objectives.augment.ada import Ada
from hitzoo.objectives.augment.adaptive import AdaptiveStrength
from hitzoo.objectives.augment.band_filter import BandFilter
from hitzoo.objectives.augment.pipe import AugmentPipe
from hitzoo.objectives.augment.place import Cutout, Erase, Translation
from hitzoo.objectives.augment.policy import AUGMENTATIONS, Augmentation, Entry, Transform
from hitzoo.objectives.scheduled import number_of
from hitzoo.spec import augmentation as spec


def pipe_of(given: spec.AugmentSpec) -> AugmentPipe:
    """Return what `training.augment` names."""
    strength = None if given.strength is None else number_of(given.strength)
    if isinstance(given, spec.AdaSpec):
        return AugmentPipe(_ada(given.transforms), strength, adaptive=strength is None)
    return AugmentPipe(augmentation_of(given.policy), strength)


def adaptive_strength_of(given: spec.AugmentSpec | None) -> AdaptiveStrength | None:
    """Return the strength that adapts itself, at its beginning, where `training.augment` has one."""
    if not isinstance(given, spec.AdaSpec) or given.strength is not None:
        return None
    target = spec.ADA_TARGET if given.target is None else given.target
    return AdaptiveStrength(target, given.images or spec.ADA_IMAGES)


def _ada(groups: Sequence[spec.AdaEntry]) -> Ada:
    """Return ADA's pipeline of some groups, by name or with their probabilities."""
    named = {group if isinstance(group, str) else group.group for group in groups}
    return Ada(named, {group.group: group.probability for group in groups if not isinstance(group, str)})


def augmentation_of(policy: Sequence[spec.TransformEntry]) -> Augmentation:
    """Return the policy of a list of transforms, by name or with their numbers."""
    return Augmentation(tuple(map(_entry, policy)))


def _entry(given: spec.TransformEntry) -> Entry:
    match given:
        case str():
            return Entry(AUGMENTATIONS[given])
        case spec.TranslationSpec():
            return _chosen(Translation(given.ratio), given)
        case spec.CutoutSpec():
            return _chosen(Cutout(given.ratio), given)
        case spec.EraseSpec():
            least, most = given.ratio
            return _chosen(Erase(least, most, alike=given.per == "batch"), given)
        case spec.FilterSpec():
            return Entry(BandFilter(given.probability))
        case _:
            return _chosen(AUGMENTATIONS[given.kind], given)


def _chosen(transform: Transform, given: spec.ChosenSpec) -> Entry:
    return Entry(transform, given.probability, given.per == "batch")
