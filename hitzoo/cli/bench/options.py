"""Options that the verbs about sampling share."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from hitzoo.cli.completion import complete_spec

if TYPE_CHECKING:
    from hitzoo.families.compile import ModelPlan

ModelArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A spec file or name, a model folder, a run, or ORG/NAME[@REVISION] on the Hub. Random weights are used:"
        " the time does not depend on them.",
        show_default=False,
        autocompletion=complete_spec,
    ),
]
PathOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="plain|fast|compiled", help="Measure only this path. Default: plain and fast.", show_default=False
    ),
]
PrecisionOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="float32|bfloat16", help="Measure only this precision. Default: both.", show_default=False),
]
OnePrecisionOption: TypeAlias = Annotated[
    str, typer.Option(metavar="float32|bfloat16", help="Precision of weights and feature maps.")
]
RepeatsOption: TypeAlias = Annotated[
    int, typer.Option(metavar="N", min=1, help="Rounds; each makes one call of every kind.")
]


def wanted(
    option: str, value: str | None, known: Collection[str], default: Collection[str] | None = None
) -> tuple[str, ...]:
    """The one that was named, or those that are the default, else all.

    Raises:
        RequestError: none has that name.
    """
    from hitzoo.errors import RequestError

    if value is not None and value not in known:
        raise RequestError(f"{option} {value}: possible: {', '.join(known)}")
    return (value,) if value is not None else tuple(known if default is None else default)


def plan_named(model: str) -> ModelPlan:
    """The plan of a model, with a bar while it comes from the Hub."""
    from hitzoo.cli import progress
    from hitzoo.hub.plan_of import plan_of

    with progress.transferring("weights") as follow:
        return plan_of(model, progress=follow)
