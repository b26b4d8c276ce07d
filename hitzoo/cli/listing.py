"""`hitzoo list`: every model of the zoo, with the state of its weights."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_spec_name
from hitzoo.cli.options import JsonOption

if TYPE_CHECKING:
    from hitzoo.zoo.cards import Card, Number

_FID = "fid"


def list_models(
    pattern: Annotated[
        str,
        typer.Argument(
            metavar="[PATTERN]",
            help="List only names that contain this, e.g. ffhq, or match it whole, e.g. 'hit-b-*'.",
            autocompletion=complete_spec_name,
            show_default=False,
        ),
    ] = "*",
    trained: Annotated[
        bool,
        typer.Option(
            "--trained",
            "--with-weights",
            help="List only models that have weights, each with licence, data, measured numbers and training time.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the models of the zoo: size, whether there are weights, what was measured, licence and data.

    bundled: the weights are installed with hitzoo. published: they are on the Hub, `hitzoo sample` downloads them.
    spec only: there are none yet; `hitzoo train` makes them. paper FID is that of the authors' weights; measured is
    the FID of the listed ones, or else their first number (--trained shows all). A narrow terminal shows fewer columns.
    Models with weights come first.
    """
    from hitzoo.cli import console
    from hitzoo.cli.trained_models import print_trained
    from hitzoo.errors import UnknownNameError
    from hitzoo.zoo.cards import SPEC_ONLY

    rows = [row for row in _rows(pattern) if not trained or row["weights"] != SPEC_ONLY]
    if not rows:
        which = "no model with weights matches" if trained else "no model matches"
        raise UnknownNameError(f"{which} '{pattern}'; `hitzoo list` shows all")
    if as_json:
        console.print_json(rows)
        return
    if trained:
        print_trained(rows)
        return
    columns = ("name", "params", "weights", "size", "image", "paper FID", "measured", "licence", "data", "what it is")
    cells = [[_cells(row) for row in rows]]
    console.print_table(columns, cells, words=(0, 2, 6, 7, 8, 9), last_to_go=(2, 1, 4, 5, 3, 9, 6))


def _cells(row: dict[str, Any]) -> list[str]:
    from hitzoo.cli import console

    return [
        row["name"],
        f"{row['parameters'] / 1e6:.2f} M",
        row["weights"],
        console.size(row["size"]) if row["size"] else "",
        f"{row['resolution']}²",
        _fid(row["published"]),
        _first(row["measured"]),
        row["license"],
        row["data"]["name"] if row["data"] else "",
        row["title"],
    ]


def _fid(numbers: dict[str, float]) -> str:
    return f"{numbers[_FID]:.2f}" if _FID in numbers else ""


def _first(numbers: dict[str, float]) -> str:
    """Write FID where it was measured, else the first number, with its name."""
    if _FID in numbers:
        return f"{_FID} {_fid(numbers)}"
    return next((f"{name} {value:.4g}" for name, value in numbers.items()), "")


def _rows(pattern: str) -> list[dict[str, Any]]:
    """Matching models by name; those with weights first."""
    from hitzoo.zoo.cards import SPEC_ONLY
    from hitzoo.zoo.listing import matching_models

    rows = [_row(name, card) for name, card in matching_models(pattern).items()]
    return sorted(rows, key=lambda row: bool(row["weights"] == SPEC_ONLY))


def _row(name: str, card: Card | None) -> dict[str, Any]:
    from hitzoo.families.compile import compile_spec
    from hitzoo.families.load import load_spec
    from hitzoo.zoo.cards import SPEC_ONLY

    spec = load_spec(card.spec if card else name)
    plan = compile_spec(spec)
    return {
        "name": name,
        "title": card.title if card else spec.summary,
        "summary": spec.summary,
        "family": spec.generator.family,
        "autoencoder": plan.is_autoencoder,
        "resolution": plan.resolution,
        "parameters": plan.parameters,
        "weights": card.status if card else SPEC_ONLY,
        "size": card.whole_size if card else 0,
        "repo": f"{card.repo}@{card.revision}" if card and card.repo else "",
        "license": card.license if card else "",
        "data": asdict(card.data) if card and card.data else None,
        "provenance": dict(card.provenance) if card else {},
        "published": _values(card.published) if card else {},
        "measured": _values(card.measured) if card else {},
        "protocols": {number.metric: number.protocol for number in card.measured} if card else {},
        "evaluation": card.evaluation if card else "",
    }


def _values(numbers: tuple[Number, ...]) -> dict[str, float]:
    return {number.metric: number.value for number in numbers}
