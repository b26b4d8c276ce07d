"""`hitzoo list`: every model of the zoo, with what is known of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.options import JsonOption

if TYPE_CHECKING:
    from hitzoo.zoo.cards import Card, Number

_FID = "fid"


def list_models(
    pattern: Annotated[str, typer.Argument(metavar="[GLOB]", help="Only names that match, e.g. 'hit-b-*'.")] = "*",
    as_json: JsonOption = False,
) -> None:
    """List the models of the zoo: size, whether there are weights and where, the paper's FID and what was measured.

    bundled: the weights travel with hitzoo. published: they are on the Hub, `hitzoo sample` fetches them. spec only:
    nobody has published any; `hitzoo train` makes them. The paper's FID is of its
    authors' weights; the own FID was measured of these.
    """
    from hitzoo.cli import render
    from hitzoo.errors import UnknownNameError

    rows = _rows(pattern)
    if not rows:
        raise UnknownNameError(f"no model matches '{pattern}'; `hitzoo list` shows all")
    if as_json:
        render.print_json(rows)
        return
    columns = ("name", "image", "parameters", "weights", "paper FID", "own FID", "what it is")
    render.print_table(columns, [[_cells(row) for row in rows]], words=(0, 3, 6))


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["name"],
        f"{row['resolution']}²",
        f"{row['parameters'] / 1e6:.2f} M",
        row["weights"],
        _fid(row["published"]),
        _fid(row["measured"]),
        row["title"],
    ]


def _fid(numbers: dict[str, float]) -> str:
    return f"{numbers[_FID]:.2f}" if _FID in numbers else ""


def _rows(pattern: str) -> list[dict[str, Any]]:
    from fnmatch import fnmatchcase

    from hitzoo.spec.shipped import shipped_specs
    from hitzoo.zoo.cards import cards

    known = cards()
    without = {name: None for name in shipped_specs() if name not in known}  # a spec that has no record yet
    return [_row(name, card) for name, card in sorted({**known, **without}.items()) if fnmatchcase(name, pattern)]


def _row(name: str, card: Card | None) -> dict[str, Any]:
    from hitzoo.plan.compile import compile_spec
    from hitzoo.plan.table import generator_cost
    from hitzoo.spec.load import load_spec
    from hitzoo.zoo.cards import SPEC_ONLY

    spec = load_spec(card.spec if card else name)
    plan = compile_spec(spec)
    return {
        "name": name,
        "title": card.title if card else spec.summary,
        "summary": spec.summary,
        "family": spec.generator.family,
        "resolution": plan.generator.resolution,
        "parameters": generator_cost(plan.generator).parameters,
        "weights": card.status if card else SPEC_ONLY,
        "size": card.size if card else 0,
        "repo": f"{card.repo}@{card.revision}" if card and card.repo else "",
        "license": card.license if card else "",
        "published": _values(card.published) if card else {},
        "measured": _values(card.measured) if card else {},
    }


def _values(numbers: tuple[Number, ...]) -> dict[str, float]:
    return {number.metric: number.value for number in numbers}
