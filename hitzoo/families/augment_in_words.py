"""A spec's augmentation in a few words."""

from __future__ import annotations

from hitzoo.families.number_in_words import number_in_words
from hitzoo.spec.augmentation import DiffAugmentSpec, EraseSpec, FilterSpec, TransformEntry


def augment_in_words(augment: DiffAugmentSpec) -> str:
    """Return kind, transforms and strength: `diffaugment: color, translation 0.2, cutout with probability 0.3`."""
    words = f"{augment.kind}: {', '.join(map(_entry, augment.policy))}"
    return words if augment.strength is None else f"{words}; strength {number_in_words(augment.strength)}"


def _entry(entry: TransformEntry) -> str:
    if isinstance(entry, str):
        return entry
    words: str = entry.kind
    ratio = getattr(entry, "ratio", None)
    if ratio is not None:
        words += f" {ratio[0]:g} to {ratio[1]:g}" if isinstance(entry, EraseSpec) else f" {ratio:g}"
    if entry.probability < 1:
        words += f" with probability {entry.probability:g}"
    batch = not isinstance(entry, FilterSpec) and entry.per == "batch"
    return f"{words} per batch" if batch else words
