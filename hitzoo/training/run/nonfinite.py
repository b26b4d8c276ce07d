"""Handling of losses and gradients that are not finite: a step is left out, many in a row stop the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hitzoo.errors import Diverged
from hitzoo.spec.types import AdamSpec, Number, ScheduleSpec
from hitzoo.training.run.checkpoint import Progress

MOST_IN_A_ROW = 20  # steps; a rare overflow passes, a run that has diverged does not come back


def counted(progress: Progress, damaged: Sequence[str], way_on: str) -> Progress:
    """Return the progress after a step whose `damaged` terms were not finite (none: it was applied).

    Raises:
        Diverged: too many steps in a row were left out; `way_on` is a command that begins from before.
    """
    if not damaged:
        return replace(progress, skipped_in_a_row=0)
    now = replace(progress, skipped=progress.skipped + 1, skipped_in_a_row=progress.skipped_in_a_row + 1)
    if now.skipped_in_a_row < MOST_IN_A_ROW:
        return now
    raise Diverged(
        f"{_listed(damaged)} not finite for {MOST_IN_A_ROW} steps in a row, up to step {now.step}; none of them was"
        f" applied whole, and the run stops. A lower learning rate or a larger r1 weight usually keeps training finite:"
        f" {way_on}"
    )


def new_beginning(newest: Path | None, optimizer: AdamSpec) -> str:
    """Return the command that begins from a checkpoint, if there is one, with half the learning rates."""
    init = f" --init {newest}" if newest else ""
    return f"hitzoo train SPEC --out NEW{init} {halved_learning_rates(optimizer)}"


def halved_learning_rates(optimizer: AdamSpec) -> str:
    """Return the options that halve every learning rate that a spec names."""
    named: dict[str, Number | None] = {
        "learning_rate": optimizer.learning_rate,
        "generator.learning_rate": optimizer.generator.learning_rate if optimizer.generator else None,
        "discriminator.learning_rate": optimizer.discriminator.learning_rate if optimizer.discriminator else None,
    }
    values: dict[str, float] = {}
    for key, value in named.items():
        if isinstance(value, ScheduleSpec):
            values |= {f"{key}.from": value.from_, f"{key}.to": value.to}
        elif value is not None:
            values[key] = value
    return " ".join(f"--set training.optimizer.{key}={value / 2:g}" for key, value in values.items())


def first_of(damaged: Sequence[str], step: int, *, by_turns: bool = False) -> str:
    """Return the message about the first step that was left out; of updates by turns, those before it stay."""
    rest = "its update and those after it are not made" if by_turns else "the weights stay as they were"
    return f"step {step} left out: {_listed(damaged)} not finite; {rest}"


def _listed(names: Sequence[str]) -> str:
    return f"the {', the '.join(names)} {'is' if len(names) == 1 else 'are'}"
