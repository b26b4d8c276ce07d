"""Problems of numbers in the course of a run: the schema bounds a number, and these rules the ends of a schedule."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.errors import Problem
from hitzoo.spec.place import Path
from hitzoo.spec.types import Number, PenaltyWeight, ScheduleSpec, Spec


def schedule_problems(spec: Spec) -> list[Problem]:
    """Ends that a number cannot have, and numbers that cannot change."""
    optimizer = spec.training.optimizer
    place: Path = ("training", "optimizer")
    problems: list[Problem] = []
    for section, one in (
        ((), optimizer),
        (("generator",), optimizer.generator),
        (("discriminator",), optimizer.discriminator),
        (("encoder",), optimizer.encoder),
        (("quantizer",), optimizer.quantizer),
    ):
        if one is None:
            continue
        if one.learning_rate is not None:
            problems += _ends(spec, (*place, *section, "learning_rate"), one.learning_rate, most=1.0)
            problems += _nothing(spec, (*place, *section, "learning_rate"), one.learning_rate)
        if one.betas is not None:
            problems += _beta_problems(spec, (*place, *section, "betas"), one.betas)
    for index, term in enumerate(spec.training.regularizers):
        problems += _nothing(spec, ("training", "regularizers", index, "weight"), term.weight)
    lazy = any(term.interval > 1 for term in spec.training.regularizers)
    if optimizer.lazy_correction and not lazy:
        message = "lazy_correction has no effect: no regularizer has an interval above 1"
        problems.append(
            spec.places.problem((*place, "lazy_correction"), message, "give one an interval, or leave it out")
        )
    return problems


def _nothing(spec: Spec, place: Path, number: PenaltyWeight) -> Iterator[Problem]:
    """A schedule that is 0 throughout, as a number may not be."""
    if isinstance(number, ScheduleSpec) and not number.from_ and not number.to:
        yield spec.places.problem(place, "it is 0 at both ends", "let one of from and to be more than 0")


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
