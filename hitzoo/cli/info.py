"""`hitzoo info`: description of a model before it is downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_model
from hitzoo.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitzoo.hub.info import ModelInfo
    from hitzoo.zoo.cards import Card


def info(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model of the zoo, a model folder, a run (RUN@best, RUN@1000), or ORG/NAME[@REVISION] on the Hub.",
            show_default=False,
            autocompletion=complete_model,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Describe a model; one on the Hub by its files and the header of its weights, without downloading them."""
    from hitzoo.cli import console
    from hitzoo.hub.describe import info as info_of
    from hitzoo.zoo.cards import Card

    found = info_of(model)
    if as_json:
        console.print_json(found.to_json())
        return
    rows = _of_card(found) if isinstance(found, Card) else _of_model(found)
    console.print_line(model, style="bold")
    for label, value in rows:
        if value:
            console.print_field(label, str(value))


def _of_model(found: ModelInfo) -> list[tuple[str, str]]:
    from hitzoo.cli import console

    known = found.metadata
    weights = f"{found.parameters:,} parameters in {found.tensors} tensors, {', '.join(found.dtypes)}"
    return [
        ("commit", found.commit + (f" ({', '.join(found.tags)})" if found.tags else "")),
        ("spec", f"{known.get('name', 'unknown: not weights of hitzoo')}"),
        ("network", f"{known.get('architecture', '?')}, plan {str(known.get('generator_plan', '?'))[:12]}"),
        *found.networks.items(),
        ("pixels", _pixels(known.get("pixel_range", "unit"))),
        ("package", f"{known.get('package', '')}"),
        ("weights", weights),
        ("trained", _trained(known.get("step"))),
        ("converted", f"from {known['source']} ({known.get('which', '?')})" if "source" in known else ""),
        ("terms", f"{known.get('terms', '')}"),
        ("file", f"{console.size(found.size)}, sha256 {found.sha256}"),
        ("licence", found.license),
        ("data", ", ".join(found.datasets)),
        *(("measured", f"{name}: {value}") for name, value in found.metrics),
        ("access", ", ".join(filter(None, [found.access, f"changed {found.modified}" if found.modified else ""]))),
        ("files", ", ".join(f"{name} {console.size(size or 0)}".rstrip() for name, size in found.files.items())),
        ("get it", f"hitzoo pull {found.where}" if found.commit else ""),
    ]


def _pixels(pixel_range: object) -> str:
    """The scale that a network works in, where it is another than that of the images."""
    return "" if pixel_range == "unit" else f"computed in the range {pixel_range}, given in [-1, 1]"


def _trained(step: Any) -> str:
    """Steps trained; empty if the header has no number."""
    if not isinstance(step, int) or isinstance(step, bool) or not 0 <= step < 1 << 63:
        return ""
    return f"{step:,} steps" if step else "not at all: initial weights"


def _of_card(card: Card) -> list[tuple[str, str]]:
    from hitzoo.cli import console
    from hitzoo.families.load import load_spec

    made = card.provenance
    return [
        ("what", card.title),
        ("status", _status(card)),
        ("spec", f"{card.spec}: hitzoo show {card.spec}, hitzoo build {card.spec}"),
        ("pixels", _pixels(load_spec(card.spec).data.pixel_range)),
        ("paper", f"{card.paper.title}, {card.paper.place}, {card.paper.url}" if card.paper else ""),
        ("file", f"{console.size(card.size)}, sha256 {card.sha256}" if card.size else ""),
        *((role, f"{console.size(one.size)}, sha256 {one.sha256}") for role, one in card.networks.items()),
        ("licence", card.license),
        ("data", f"{card.data.name} ({card.data.license})" if card.data else ""),
        ("credit", card.data.credit if card.data else ""),
        *(("published", f"{number.metric} {number.value:g} ({number.protocol})") for number in card.published),
        *(("measured", f"{number.metric} {number.value:g} ({number.protocol})") for number in card.measured),
        ("evaluate", card.evaluation),
        ("data from", card.data.command if card.data else ""),
        ("made by", made.get("command", "")),
        ("made on", _made_on(made) if made else ""),
    ]


def _made_on(made: Mapping[str, Any]) -> str:
    from hitzoo.cli.pace import about

    told = f"{made['hardware']}, {about(3600 * made['hours'])}, {made['date']}"
    return f"{told}; seed {made['seed']}, {made['steps']:,} steps, {made['images']:,} images"


def _status(card: Card) -> str:
    from hitzoo.families.load import load_spec

    words = {
        "bundled": "its weights are installed with hitzoo",
        "published": f"on the Hub: {card.repo}@{card.revision}",
    }
    data = "" if load_spec(card.spec).data.source else " --data PATH"
    way_on = f"hitzoo train {card.name}{data} --out runs/{card.name}"
    return words.get(card.status, f"spec only: no weights are published; {way_on}")
