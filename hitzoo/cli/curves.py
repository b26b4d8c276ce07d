"""A run's curve beside a reference, and references made of runs: the two other uses of `hitzoo runs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitzoo.training.curves.compare import Comparison, Row

_SHOWN = 4  # image counts of a quantity; --json has all


def print_comparison(run: Path, asked: str | None, *, as_json: bool) -> None:
    """Print a run beside a reference.

    Raises:
        RunError: as `hitzoo.training.curves.compare.compare`.
    """
    from hitzoo.cli import console
    from hitzoo.training.curves.compare import compare

    found = compare(run, asked)
    if as_json:
        console.print_json(_data(found))
        return
    columns = ("quantity", "images", "this run", "reference", "range", "")
    console.print_table(columns, [list(_cells(row)) for row in found.rows], words=(0, 4, 5))
    console.print_paragraph(_told(found))
    if found.differences:
        console.print_paragraph(f"the reference has {', '.join(found.differences)}: compare shapes, not sizes")
    console.print_paragraph(f"{run}: {found.verdict()}")


def write_curve(folder: Path, file: Path, *, force: bool) -> None:
    """Make a reference of the runs in a folder, which differ in their seeds alone.

    Raises:
        RunError: they are no runs of one recipe.
        OutputError: the file is there already, and is another.
    """
    from hitzoo.cli import console
    from hitzoo.targets import put_text
    from hitzoo.training.curves.compare import runs_in
    from hitzoo.training.curves.reference import reference_from

    runs = runs_in(folder)
    reference = reference_from(file.stem, runs)
    put_text(file, reference.to_text(), force=force)
    seeds = ", ".join(map(str, reference.origin.seeds))
    console.print_line(f"wrote {file}: {console.count(len(runs), 'run')} of {reference.origin.spec}, seeds {seeds}")


def _told(found: Comparison) -> str:
    origin = found.reference.origin
    seeds = f"{len(origin.seeds)} seed{'' if len(origin.seeds) == 1 else 's'}"
    parts = [f"reference {found.reference.name}: {origin.spec}", seeds, origin.device, origin.date]
    versions = " ".join(f"{name} {version}" for name, version in (origin.versions or {}).items())
    return ", ".join(filter(None, [*parts, versions]))


def _cells(row: Row) -> Iterator[list[str]]:
    from hitzoo.cli.number_format import figures

    count = len(row.points)
    chosen = sorted({round(place * (count - 1) / (_SHOWN - 1)) for place in range(_SHOWN)})
    for index, place in enumerate(chosen):
        point = row.points[place]
        one = point.reference
        yield [
            "" if index else row.name,
            f"{point.images:,}",
            figures(point.value),
            figures(one.mean),
            f"{figures(one.low)} to {figures(one.high)}",
            "" if point.side == "inside" else point.side,
        ]


def _data(found: Comparison) -> dict[str, Any]:
    return {
        "run": str(found.run),
        "reference": {
            "name": found.reference.name,
            "spec": found.reference.origin.spec,
            "seeds": list(found.reference.origin.seeds),
            "device": found.reference.origin.device,
            "date": found.reference.origin.date,
        },
        "differences": list(found.differences),
        "normal": found.normal,
        "verdict": found.verdict(),
        "quantities": {
            row.name: {
                "normal": row.normal,
                "points": [
                    {
                        "images": point.images,
                        "value": point.value,
                        "mean": point.reference.mean,
                        "low": point.reference.low,
                        "high": point.reference.high,
                        "side": point.side,
                    }
                    for point in row.points
                ],
            }
            for row in found.rows
        },
    }
