"""Problems of numbers that follow a schedule: the schema bounds a number, and these rules the ends of a schedule."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import Problem
from hitzoo.spec.place import Path
from hitzoo.spec.types import Number, ScheduleSpec, Spec


def schedule_problems(spec: Spec) -> list[Problem]:
    """Ends that a number cannot have, and numbers that cannot change."""
    optimizer = spec.training.optimizer
    place: Path = ("training", "optimizer")
    problems: list[Problem] = []
    for section, one in (
        ((), optimizer),
        (("generator",), optimizer.generator),
        (("discriminator",), optimizer.discriminator),
    ):
        if one is None:
            continue
        if one.learning_rate is not None:
            problems += _ends(spec, (*place, *section, "learning_rate"), one.learning_rate, most=1.0)
        if one.betas is not None:
            problems += _beta_problems(spec, (*place, *section, "betas"), one.betas)
    return problems


def _beta_problems(spec: Spec, place: Path, betas: tuple[Number, Number]) -> Iterator[Problem]:
    first, second = betas
    if isinstance(first, ScheduleSpec):
        hint = "write a number: Adam keeps no average of the gradient where it is 0"
        yield spec.places.problem((*place, 0), "the first of the betas cannot follow a schedule", hint)
    yield from _ends(spec, (*place, 1), second, below=1.0)


def _ends(
    spec: Spec, place: Path, number: Number, *, most: float = float("inf"), below: float = float("inf")
) -> Iterator[Problem]:
    if not isinstance(number, ScheduleSpec):
        return
    for key, value in (("from", number.from_), ("to", number.to)):
        if value > most or value >= below:
            allowed = f"at most {most:g}" if value > most else f"less than {below:g}"
            yield spec.places.problem((*place, key), f"{value:g} is out of range: {allowed}")
