"""Shipped specs whose resolution suits a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.spec.shipped import shipped_specs

_FIRST = "hit"  # the family that the zoo is made around


@dataclass(frozen=True)
class Fit:
    """Specs of one resolution (pixels), and the number of images that are smaller and would be enlarged."""

    resolution: int
    specs: tuple[str, ...]
    smaller: int


def fitting(sides: Mapping[int, int]) -> tuple[Fit, ...]:
    """Return the shipped specs for which at least half of the images are large enough, largest resolution first.

    `sides` counts the images by their shorter side in pixels.
    """
    total = sum(sides.values())
    fits = []
    for resolution, specs in _by_resolution().items():
        smaller = sum(count for side, count in sides.items() if side < resolution)
        if 2 * smaller <= total and total:
            fits.append(Fit(resolution, specs, smaller))
    return tuple(fits)


@lru_cache(maxsize=1)
def _by_resolution() -> dict[int, tuple[str, ...]]:
    """Group shipped specs by the side of their images, largest first; HiT's first, plain names before variants."""
    specs: dict[int, list[tuple[bool, int, str]]] = {}
    for name in shipped_specs():
        plan = compile_spec(load_spec(name))
        specs.setdefault(plan.resolution, []).append((plan.generator.family != _FIRST, len(name), name))
    return {side: tuple(name for _, _, name in sorted(specs[side])) for side in sorted(specs, reverse=True)}
