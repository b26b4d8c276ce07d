"""`hitzoo check`: is this a spec, and do its sizes fit?"""

from __future__ import annotations

from typing import Annotated

import typer

from hitzoo.cli.options import SetOption


def check(
    specs: Annotated[
        list[str], typer.Argument(metavar="SPEC...", help="Spec files or names of shipped specs.", show_default=False)
    ],
    overrides: SetOption = [],  # noqa: B006 - typer reads the default, nobody changes it
) -> None:
    """Check specs: every problem is printed with its line; nothing is built, torch is not loaded."""
    from hitzoo.cli import render
    from hitzoo.errors import HitzooError
    from hitzoo.plan.open import open_spec
    from hitzoo.plan.table import model_cost

    failures: list[str] = []
    for name in specs:
        try:
            _, plan = open_spec(name, overrides)
        except HitzooError as error:
            failures.append(str(error))
            continue
        cost = model_cost(plan)
        counts = ", ".join(f"{part} {cost[part].parameters:,} parameters" for part in ("generator", "discriminator"))
        render.print_line(f"{name}: fits ({plan.generator.resolution}×{plan.generator.resolution}, {counts})")
    if failures:
        raise HitzooError("\n".join(failures))
