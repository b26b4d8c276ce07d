"""`hitzoo list`: every spec and model that travels with hitzoo."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hitzoo.cli.options import JsonOption


def list_models(
    pattern: Annotated[str, typer.Argument(metavar="[GLOB]", help="Only names that match, e.g. 'hit-b-*'.")] = "*",
    as_json: JsonOption = False,
) -> None:
    """List the shipped specs and models, with their sizes and whether there are weights."""
    from hitzoo.cli import render
    from hitzoo.errors import UnknownNameError

    rows = _rows(pattern)
    if not rows:
        raise UnknownNameError(f"no spec matches '{pattern}'; `hitzoo list` shows all")
    if as_json:
        render.print_json(rows)
        return
    columns = ("name", "image", "parameters", "weights", "what it is")
    body = [
        [row["name"], f"{row['resolution']}²", f"{row['parameters'] / 1e6:.2f} M", row["weights"], row["summary"]]
        for row in rows
    ]
    render.print_table(columns, [body], words=(0, 3, 4))


def _rows(pattern: str) -> list[dict[str, Any]]:
    from hitzoo.plan.compile import compile_spec
    from hitzoo.plan.table import model_cost
    from hitzoo.spec.load import load_spec
    from hitzoo.spec.shipped import shipped_specs
    from hitzoo.zoo.cards import cards

    weights = {card.spec: card.status for card in cards().values()}
    rows: list[dict[str, Any]] = []
    for name in shipped_specs(pattern):
        spec = load_spec(name)
        plan = compile_spec(spec)
        rows.append(
            {
                "name": name,
                "summary": spec.summary,
                "family": spec.generator.family,
                "resolution": plan.generator.resolution,
                "parameters": model_cost(plan)["generator"].parameters,
                "weights": weights.get(name, "spec only"),
            }
        )
    return rows
