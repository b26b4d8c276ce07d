"""Options that the verbs about sampling share."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from hitzoo.plan.compile import ModelPlan

ModelArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="NAME|SPEC|DIR|ORG/NAME[@REVISION]",
        help="A shipped spec, a spec file, a model folder or run, or a model on the Hub. Its weights are not read: the"
        " time does not depend on them, and random ones serve.",
        show_default=False,
    ),
]
PathOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="plain|fast|compiled", help="Only that one. Default: plain and fast.", show_default=False),
]
PrecisionOption: TypeAlias = Annotated[
    str | None, typer.Option(metavar="float32|bfloat16", help="Only that one. Default: both.", show_default=False)
]
OnePrecisionOption: TypeAlias = Annotated[str, typer.Option(metavar="float32|bfloat16", help="Of weights and maps.")]
RepeatsOption: TypeAlias = Annotated[int, typer.Option(min=1, help="Turns; each makes one call of every kind.")]


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
    from hitzoo.inference.plan_of import plan_of

    with progress.transferring("weights") as follow:
        return plan_of(model, progress=follow)
