"""Generators whose resolution doubles from entry to entry of a list: the side they reach, and the ways to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hitzoo.errors import Problem
from hitzoo.families.family import LARGEST_SIDE, Frame, Outline
from hitzoo.spec.place import Places

_MOST_STEPS = 12


class Doubling(Protocol):
    """The section of such a generator."""

    @property
    def initial_size(self) -> int:
        """Side of the first map in pixels."""

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the first map to the image, in pixels."""

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""


def doubling_outline(spec: Doubling, resolutions: Sequence[int], normed: int | None) -> Outline:
    """The outline of a section, given the resolutions of its parts and the smallest map that is batch-normed."""
    return Outline(
        side=spec.sides[-1],
        decided_by=(("generator", spec.listed), ("generator", "initial_size")),
        change="generator.initial_size or the number of stages",
        resolutions=tuple(resolutions),
        normed=normed,
    )


def doubling_problems(spec: Doubling, frame: Frame, places: Places) -> list[Problem]:
    """The list ends at another side than the data ask for."""
    reached, first, count = spec.sides[-1], spec.initial_size, len(spec.sides)
    if frame.wanted in (None, reached) or reached > LARGEST_SIDE:
        return []
    wanted = frame.wanted or reached
    what = spec.listed
    message = f"the last stage reaches {reached}, not the wanted {wanted} ({count} {what}, doubling from {first})"
    hint = ", or ".join([*_ways_to(wanted, spec, frame), *_ways_back(wanted, spec, frame)])
    beside = [("generator", what), ("generator", "initial_size")]
    return [places.problem(("data", "resolution"), message, hint, beside=beside)]


def code_side_problems(spec: Doubling, frame: Frame, places: Places) -> list[Problem]:
    """The list begins at another side than the map of codes has that it takes."""
    if frame.codes is None or frame.codes.side == spec.initial_size:
        return []
    side = frame.codes.side
    message = f"the first map has a side of {spec.initial_size}, and the encoder's map of codes {side}"
    hint = f"set generator.initial_size: {side} and keep generator.{spec.listed} to the image, or change the encoder"
    return [places.problem(("generator", "initial_size"), message, hint, beside=[("encoder", "channels")])]


def _ways_to(wanted: int, spec: Doubling, frame: Frame) -> list[str]:
    """Changes of the generator that make it end at `wanted`."""
    if not frame.sides.take(wanted):
        return []
    what, count, first = spec.listed, len(spec.sides), spec.initial_size
    steps = next((n for n in range(1, _MOST_STEPS + 1) if first << (n - 1) == wanted), None)
    ways = [f"give {steps} {what}"] if steps else []
    initial = wanted >> (count - 1)
    if not steps and initial << (count - 1) == wanted:
        ways.append(f"set generator.initial_size: {initial}")
    return ways or _both(wanted, count, what)


def _both(wanted: int, count: int, what: str) -> list[str]:
    """Another beginning and another number of entries, where neither alone leads to `wanted`."""
    initial = min(8, wanted)
    steps = wanted.bit_length() - initial.bit_length() + 1
    if initial << (steps - 1) != wanted:
        return []
    return [f"set generator.initial_size: {initial} and give {steps} {what} instead of {count}"]


def _ways_back(wanted: int, spec: Doubling, frame: Frame) -> list[str]:
    """Values of `data.resolution` that can be reached."""
    what, first, reached, possible = spec.listed, spec.initial_size, spec.sides[-1], frame.sides
    if possible.take(wanted):
        return [f"set data.resolution: {reached}"] if possible.take(reached) else []
    known = [(first << (n - 1), n) for n in range(1, _MOST_STEPS + 1) if possible.take(first << (n - 1))]
    near = sorted(known, key=lambda entry: abs(entry[0] - wanted))[:2]
    ways = [f"set data.resolution: {side}" + ("" if side == reached else f" and give {n} {what}") for side, n in near]
    return [f"no discriminator takes {wanted} (sides are {possible.words}): " + ", or ".join(ways)] if ways else []
