"""A spec's augmentation in a few words."""

from __future__ import annotations

from hitzoo.families.number_in_words import number_in_words
from hitzoo.spec.augmentation import (
    ADA_IMAGES,
    ADA_TARGET,
    AdaEntry,
    AdaGroupSpec,
    AdaSpec,
    AugmentSpec,
    EraseSpec,
    TransformEntry,
)


def augment_in_words(augment: AugmentSpec) -> str:
    """Return kind, transforms and strength: `ada of blit, geometry, color with p 0 to 0.3 over 20,000,000 images`."""
    entries = augment.transforms if isinstance(augment, AdaSpec) else augment.policy
    words = f"{augment.kind} of {', '.join(map(_entry, entries))}"
    if augment.strength is not None:
        return f"{words}, with p {number_in_words(augment.strength)}"
    if not isinstance(augment, AdaSpec):
        return words
    target, images = ADA_TARGET if augment.target is None else augment.target, augment.images or ADA_IMAGES
    return f"{words}, with p adapting to {target:g} in {images:,} images"


def _entry(entry: TransformEntry | AdaEntry) -> str:
    if isinstance(entry, str):
        return entry
    words: str = entry.group if isinstance(entry, AdaGroupSpec) else entry.kind
    ratio = getattr(entry, "ratio", None)
    if ratio is not None:
        words += f" {ratio[0]:g} to {ratio[1]:g}" if isinstance(entry, EraseSpec) else f" {ratio:g}"
    if entry.probability < 1:
        words += f" with probability {entry.probability:g}"
    batch = getattr(entry, "per", "image") == "batch"  # a group and a filter are drawn per image
    return f"{words} per batch" if batch else words
