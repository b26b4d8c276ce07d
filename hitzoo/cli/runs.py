"""`hitzoo runs`: progress of every run below a folder."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_run
from hitzoo.cli.options import ForceOption, JsonOption

if TYPE_CHECKING:
    from hitzoo.training.run.listing import RunSummary

_COLUMNS = ("run", "model", "spec", "step", "state", "img/s", "loss G", "loss D", "evaluation", "best")
_WORDS = (0, 1, 2, 4, 8, 9)


def list_runs(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR|REFERENCE]",
            help="The folder that holds the runs, by default `runs`. With --compare: what the run is compared with.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare",
            metavar="RUN",
            help="Compare this run's curve with a reference, by images shown: the name of a curve that travels with"
            " hitzoo (default: that of the run's recipe), a file of --write-curve, another run, or a folder of runs.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(
            "--write-curve",
            metavar="FILE.json",
            help="Write a reference curve from the runs in DIR, which differ in their seeds alone.",
            show_default=False,
        ),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the runs in a folder and below it: step, speed, last losses, evaluations and the best checkpoint.

    With --compare, answer whether a run's curve is normal: losses, logits, penalties, diversity and metrics beside
    those of a reference, at the same numbers of images.
    """
    from hitzoo.cli import console
    from hitzoo.cli.curves import print_comparison, write_curve
    from hitzoo.errors import RequestError

    if compare is not None and curve is not None:
        raise RequestError("give --compare or --write-curve, not both")
    if compare is not None:
        print_comparison(compare, None if folder is None else str(folder), as_json=as_json)
        return
    folder = folder or Path("runs")
    if not folder.is_dir():
        raise RequestError(f"no such folder: {folder}; give the one that holds your runs: hitzoo runs DIR")
    if curve is not None:
        write_curve(folder, curve, force=force)
        return
    from hitzoo.training.run import listing

    found = listing.list_runs(folder)
    if as_json:
        console.print_json([_finite(_as_json(run)) for run in found])
    elif found:
        _print_table([_row(folder, run) for run in found])
        for run in found:
            if run.note:
                console.print_line(f"{run.folder}: {run.note}")
            for name in run.failures:
                console.print_line(f"{run.folder}: {name.replace('_', ' ')}, by its own numbers (docs/training.md)")
    else:
        console.print_line(f"{folder} holds no runs yet; start one: hitzoo train SPEC --data PATH --out {folder}/NAME")


def _as_json(run: RunSummary) -> dict[str, Any]:
    return asdict(run) | {"folder": str(run.folder), "best": run.best.to_json() if run.best else None}


def _print_table(rows: list[list[str]]) -> None:
    """Print a table without columns that are empty for all runs, such as those of evaluations: width is scarce."""
    from hitzoo.cli import console

    shown = [index for index in range(len(_COLUMNS)) if any(row[index] for row in rows)]
    words = [place for place, index in enumerate(shown) if index in _WORDS]
    cells = [[row[index] for index in shown] for row in rows]
    console.print_table([_COLUMNS[index] for index in shown], [cells], words=words)


def _row(folder: Path, run: RunSummary) -> list[str]:
    """Cells of a run; its model is named only if the name differs from the folder's, which is the default."""
    from hitzoo.training.run.name import as_name

    name = str(run.folder if run.folder == folder else run.folder.relative_to(folder))
    called = run.model if run.model != as_name(run.folder.absolute().name) else None
    return [
        name,
        called or "",
        run.name or "",
        _steps(run),
        run.state,
        _short(run.images_per_second),
        _short(run.losses.get("generator")),
        _short(run.losses.get("discriminator")),
        next((f"{metric} {_short(value)}" for metric, value in run.evaluation.items()), ""),
        _best(run),
    ]


def _best(run: RunSummary) -> str:
    """`fid 12.3 at 1,000`; of several averages with the best one's name: `fid 12.3 at 1,000 (10000)`."""
    if run.best is None:
        return ""
    average = f" ({run.best.average})" if run.best.average else ""
    return f"{run.best.metric} {_short(run.best.value)} at {run.best.step:,}{average}"


def _steps(run: RunSummary) -> str:
    if run.step is None and run.steps is None:
        return ""
    return f"{run.step or 0:,}/{run.steps:,}" if run.steps is not None else f"{run.step:,}"


def _short(value: float | None) -> str:
    """Format with four digits; whole numbers from a thousand on."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _finite(data: Any) -> Any:
    """Replace non-finite numbers, which JSON lacks, by null."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return None if isinstance(data, float) and not math.isfinite(data) else data
