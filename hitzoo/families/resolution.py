"""The side of a generator's image, where its section lists resolutions that double."""

from __future__ import annotations

from typing import Protocol, cast

from hitzoo.spec.place import Path
from hitzoo.spec.types import Spec


class DoublingSpec(Protocol):
    """The section of a generator whose resolution doubles along a list."""

    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def initial_size(self) -> int: ...  # noqa: D102
    @property
    def sides(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def listed(self) -> str: ...  # noqa: D102
    @property
    def uses_batch_norm(self) -> bool: ...  # noqa: D102
    @property
    def smallest_map(self) -> int: ...  # noqa: D102


def doubling(spec: Spec) -> DoublingSpec:
    """The generator's section."""
    return cast(DoublingSpec, spec.generator)


def steps_of(spec: Spec) -> tuple[Path, int]:
    """Where a document lists the generator's resolutions, and how many there are."""
    own = doubling(spec)
    return ("generator", own.listed), len(own.sides)


def reached_resolution(spec: Spec) -> int:
    """The side of the generator's image: the initial one doubled from each step to the next."""
    return doubling(spec).sides[-1]
