"""Frozen networks that a model's networks are built on: which, and by what hash of their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from hitzoo.families.family import Pretrained
from hitzoo.families.registry import family_of
from hitzoo.spec.types import Spec


def pretrained_of(spec: Spec) -> Pretrained | None:
    """Return the frozen network that a spec's discriminator is built on; None for most."""
    family = family_of("discriminator", spec.discriminator.family)
    return family.pretrained(spec.discriminator) if family.pretrained else None


def record_of(spec: Spec) -> dict[str, dict[str, dict[str, str]]]:
    """Describe it for a record of a model, `{"pretrained": {"discriminator": {"name": …}}}`; {} without any."""
    known = pretrained_of(spec)
    return {"pretrained": {"discriminator": asdict(known)}} if known else {}


def settled(spec: Spec, note: Callable[[str], None]) -> Spec:
    """Return the spec with the hash of the frozen weights that this machine has, downloaded where they are missing.

    Raises:
        RequestError, WeightsError: what reads them is not installed, or they cannot be had, or are not those wanted.
    """
    family = family_of("discriminator", spec.discriminator.family)
    return replace(spec, discriminator=family.settle(spec.discriminator, note)) if family.settle else spec


def caveat_of(spec: Spec) -> str:
    """Return the sentence that stands beside numbers of features of the same data; "" where there is none."""
    known = pretrained_of(spec)
    if known is None:
        return ""
    return (
        f"the discriminator was trained on features of {known.name}, which knows {known.trained_on}: a distance on"
        f" features of {known.trained_on} (fid, kid, pr, efficientnet_frechet) flatters this model"
    )
