"""Problems of the moving averages: numbers that exclude each other, and names that two of them would have."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import Problem
from hitzoo.families.family import Outline
from hitzoo.spec.place import Path
from hitzoo.spec.types import EmaSpec, Spec


def average_problems(spec: Spec, outline: Outline) -> list[Problem]:
    """Return everything of `training.ema` that cannot be done, each with its place."""
    problems: list[Problem] = []
    names: list[str] = []
    listed = isinstance(spec.training.ema, tuple)
    for index, average in enumerate(spec.training.averages):
        place: Path = ("training", "ema", index) if listed else ("training", "ema")
        problems += [*_decay_problems(spec, place, average), *_recalibration_problems(spec, place, average, outline)]
        if average.name in names:
            message = f"two averages would be named {average.name}, which is their half-life at the end, or their decay"
            hint = "leave one of them out, or give it another half_life"
            problems.append(
                spec.places.problem(place, message, hint, beside=[(*place[:-1], names.index(average.name))])
            )
        names.append(average.name)
    return problems


def _decay_problems(spec: Spec, place: Path, average: EmaSpec) -> Iterator[Problem]:
    if average.half_life is not None and average.decay is not None:
        message = f"decay ({average.decay:g} per step) and half_life (in images) say the same thing; one of them counts"
        yield spec.places.problem(
            (*place, "decay"),
            message,
            "remove decay, or half_life; --set 'training.ema={half_life: N}' replaces both",
            beside=[(*place, "half_life")],
        )
    if average.ramp is not None and average.half_life is None:
        hint = "give a half_life; for a decay there is ramp_up"
        yield spec.places.problem((*place, "ramp"), "ramp limits a half_life, and there is none", hint)


def _recalibration_problems(spec: Spec, place: Path, average: EmaSpec, outline: Outline) -> Iterator[Problem]:
    if average.recalibrate is not None and outline.normed is None:
        message = "the generator has no batch norm, so there are no statistics to take anew"
        yield spec.places.problem(
            (*place, "recalibrate"), message, "leave it out", beside=[("generator", "norm"), ("generator", "family")]
        )
