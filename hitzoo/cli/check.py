"""`hitzoo check`: validation of specs and of their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_spec
from hitzoo.cli.options import JsonOption, SetOption
from hitzoo.errors import HitzooError, SpecError

if TYPE_CHECKING:
    from hitzoo.plan.model import ModelPlan


def check(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC…",
            help="Spec files, names of shipped specs, or folders of runs and models.",
            show_default=False,
            autocompletion=complete_spec,
        ),
    ],
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006 - typer reads the default, nobody changes it
) -> None:
    """Find every mistake in specs and print each with its line and how to fix it; nothing is built.

    The exit code is 2 if there are any. With --json they go to standard output, for editors and CI.
    """
    from hitzoo.cli import console

    failures: list[str] = []
    reports = []
    for name in specs:
        try:
            plan = _open(name, overrides)
        except HitzooError as error:
            failures.append(error.as_option or str(error))
            reports.append({"spec": name, "fits": False, "problems": _problems(error)})
            continue
        facts = _facts(plan)
        reports.append({"spec": name, "fits": True, **facts, "problems": []})
        if not as_json:
            counts = ", ".join(f"{part} {number:,} parameters" for part, number in facts["parameters"].items())
            console.print_line(f"{name}: fits ({facts['resolution']}×{facts['resolution']}, {counts})")
    if as_json:
        console.print_json(reports)
        raise typer.Exit(HitzooError.exit_code if failures else 0)
    if failures:
        raise HitzooError("\n".join(failures))


def _open(name: str, overrides: list[str]) -> ModelPlan:
    from hitzoo.families.open import open_spec

    return open_spec(name, overrides)[1]


def _facts(plan: ModelPlan) -> dict[str, Any]:
    parameters = {role: cost.parameters for role, cost in plan.costs().items()}
    return {"resolution": plan.resolution, "parameters": parameters}


def _problems(error: HitzooError) -> list[dict[str, Any]]:
    """List each problem with its place; line and column count from 1 and are null for places outside files."""
    if not isinstance(error, SpecError):
        return [{"line": None, "column": None, "path": "", "message": error.as_option or str(error), "hint": ""}]
    return [
        {
            "line": problem.line or None,
            "column": problem.column or None,
            "path": problem.path,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in error.problems
    ]
