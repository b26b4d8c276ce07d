"""The one size that both networks and the data must agree on, and what to change where they do not."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.resolution import doubling, steps_of
from hitzoo.families.stylegan2.plan import is_halvable
from hitzoo.spec.types import Spec

_MOST_STEPS = 12


def resolution_problem(spec: Spec, reached: int) -> Problem:
    """The generator ends at another side than `data.resolution`; `reached` is where it ends."""
    wanted, first = spec.data.resolution or reached, doubling(spec).initial_size
    path, count = steps_of(spec)
    message = f"the last stage reaches {reached}, not the wanted {wanted} ({count} {path[-1]}, doubling from {first})"
    hint = ", or ".join([*_ways_to(wanted, spec), *_ways_back(wanted, reached, spec)])
    beside = [path, ("generator", "initial_size")]
    return spec.places.problem(("data", "resolution"), message, hint, beside=beside)


def _ways_to(wanted: int, spec: Spec) -> list[str]:
    """Changes of the generator that make it end at `wanted`."""
    (_, what), count = steps_of(spec)
    first = doubling(spec).initial_size
    if not is_halvable(wanted):
        return []
    steps = next((n for n in range(1, _MOST_STEPS + 1) if first << (n - 1) == wanted), None)
    ways = [f"give {steps} {what}"] if steps else []
    initial = wanted >> (count - 1)
    if not steps and initial << (count - 1) == wanted:
        ways.append(f"set generator.initial_size: {initial}")
    return ways or [_both(wanted, count, str(what))]


def _both(wanted: int, count: int, what: str) -> str:
    """Another beginning and another number of stages, where neither alone leads to `wanted`."""
    initial = min(8, wanted)
    steps = wanted.bit_length() - initial.bit_length() + 1
    return f"set generator.initial_size: {initial} and give {steps} {what} instead of {count}"


def _ways_back(wanted: int, reached: int, spec: Spec) -> list[str]:
    """Values of `data.resolution` that can be reached."""
    if is_halvable(wanted):
        return [f"set data.resolution: {reached}"] if is_halvable(reached) else []
    (_, what), _ = steps_of(spec)
    first = doubling(spec).initial_size
    known = [(first << (n - 1), n) for n in range(1, _MOST_STEPS + 1) if is_halvable(first << (n - 1))]
    near = sorted(known, key=lambda entry: abs(entry[0] - wanted))[:2]
    ways = [f"set data.resolution: {side}" + ("" if side == reached else f" and give {n} {what}") for side, n in near]
    return [f"no discriminator takes {wanted} (sides are 8, 16, 32, 64, …): " + ", or ".join(ways)] if ways else []
