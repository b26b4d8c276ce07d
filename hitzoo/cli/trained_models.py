"""Output of `hitzoo list --trained`: a paragraph for each model that has weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hitzoo.cli import console
from hitzoo.cli.pace import about

_INDENT = "  "


def print_trained(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print what each model is, its licence and data, what was measured of it, how it was trained, and the way on."""
    rows = list(rows)
    for row in rows:
        console.print_line(_first_line(row), style="bold")
        for line in _lines(row):
            console.print_line(_INDENT + line)
        console.print_line("")
    console.print_line("Fréchet distances are better when lower, and none of them is FID unless its name says so.")
    console.print_line(f"How each was measured, and trained: hitzoo info {rows[0]['name']}")
    for row in rows:
        if not row["autoencoder"]:
            console.print_line(f"See one: hitzoo sample {row['name']} --seeds 0-35 --grid 6x6")
            return


def _first_line(row: Mapping[str, Any]) -> str:
    side, size = row["resolution"], console.size(row["size"])
    facts = [f"{side}×{side}", f"{row['parameters'] / 1e6:.2f} M parameters", size, row["license"], row["weights"]]
    facts += ["autoencoder"] if row["autoencoder"] else []
    return f"{row['name']}  {', '.join(facts)}"


def _lines(row: Mapping[str, Any]) -> list[str]:
    data, made = row["data"], row["provenance"]
    taught = f"saw {made['images']:,} images in {about(3600 * made['hours'])} on {made['hardware']}" if made else ""
    lines = [
        row["title"],
        f"trained on {data['name']} ({data['license']})" + (f", {taught}" if taught else "") if data else taught,
        ", ".join(f"{name} {value:g}" for name, value in row["measured"].items()),
    ]
    return [line for line in lines if line]
