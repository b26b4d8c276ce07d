"""Output of `hitzoo list --trained`: a paragraph for each model that has weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hitzoo.cli import console

_INDENT = "  "


def print_trained(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print what each model is, its licence and data, what was measured of it, and how it was trained."""
    for number, row in enumerate(rows):
        if number:
            console.print_line("")
        console.print_line(_first_line(row), style="bold")
        for line in _lines(row):
            console.print_line(_INDENT + line)


def _first_line(row: Mapping[str, Any]) -> str:
    side, size = row["resolution"], console.size(row["size"])
    facts = (f"{side}×{side}", f"{row['parameters'] / 1e6:.2f} M parameters", size, row["license"], row["weights"])
    return f"{row['name']}  {', '.join(facts)}"


def _lines(row: Mapping[str, Any]) -> list[str]:
    data, made = row["data"], row["provenance"]
    taught = f"{made['images']:,} images in {made['hours']:g} h on {made['hardware']}" if made else ""
    lines = [
        row["title"],
        f"trained on {data['name']} ({data['license']})" + (f", {taught}" if taught else "") if data else taught,
        ", ".join(f"{name} {value:g}" for name, value in row["measured"].items()),
    ]
    return [line for line in lines if line]
