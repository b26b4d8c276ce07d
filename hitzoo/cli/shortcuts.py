"""Options for the most changed values of a spec; each is short for a `--set`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from hitzoo.errors import RequestError

StepsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        help="Train this many steps in all. Short for --set training.steps=N.",
        show_default=False,
    ),
]
BatchSizeOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        metavar="N",
        help="Images per step, over all devices. Short for --set training.batch_size=N.",
        show_default=False,
    ),
]
LearningRateOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        metavar="X",
        help="Learning rate, unless a network has its own. Short for --set training.optimizer.learning_rate=X.",
        show_default=False,
    ),
]


def with_shortcuts(
    overrides: Sequence[str], *, steps: int | None, batch_size: int | None, learning_rate: float | None
) -> list[str]:
    """Add the overrides of the options given.

    Raises:
        RequestError: an option and a `--set` for the same value.
    """
    given = {
        "training.steps": ("--steps", steps),
        "training.batch_size": ("--batch-size", batch_size),
        "training.optimizer.learning_rate": ("--learning-rate", learning_rate),
    }
    changed = list(overrides)
    for path, (option, value) in given.items():
        if value is None:
            continue
        twice = next((word for word in overrides if word.partition("=")[0].strip() == path), None)
        if twice is not None:
            raise RequestError(f"{option} {value} and --set {twice} set the same value; give one of them")
        changed.append(f"{path}={value}")
    return changed
