"""Options shared by the verbs on sampling."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from hitzoo.cli.completion import complete_spec

if TYPE_CHECKING:
    from hitzoo.plan.model import ModelPlan

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
        metavar="plain|optimized|compiled",
        help="Measure only this path. Default: plain and optimized.",
        show_default=False,
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
    """Return the named one, or the default ones, else all; `fast` is the earlier name of `optimized`.

    Raises:
        RequestError: the name is unknown.
    """
    from hitzoo.errors import RequestError

    value = "optimized" if value == "fast" else value
    if value is not None and value not in known:
        raise RequestError(f"{option} {value}: possible: {', '.join(known)}")
    return (value,) if value is not None else tuple(known if default is None else default)


def plan_named(model: str) -> ModelPlan:
    """Load the plan of a model, with a bar while it is downloaded."""
    from hitzoo.cli import progress
    from hitzoo.hub.plan_of import plan_of

    with progress.transfer_bar("weights") as follow:
        return plan_of(model, progress=follow)
