"""A report as a file: written whole, again and again while a run goes on; and its plots as files for papers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hitzoo.errors import RequestError
from hitzoo.files import write_text
from hitzoo.report.page import GENERATOR, page
from hitzoo.report.pictures import galleries
from hitzoo.report.plot import check_matplotlib, draw_for_paper
from hitzoo.report.quantities import Group, groups_of
from hitzoo.report.run_facts import RunFacts, read_runs, run_folders
from hitzoo.targets import check_writable, existing, folder_target, is_taken

_SUFFIXES: Final = (".html", ".htm")
_FORMS: Final = ("svg", "png")
_HEAD: Final = 4096  # bytes in which a report says that it is one


@dataclass(frozen=True)
class Written:
    """A report that was written: of `runs`, with `plots`; True if a run `goes_on`."""

    runs: int
    plots: int
    size: int
    goes_on: bool


def check_target(out: Path, *, force: bool) -> None:
    """Say before any work that a report cannot be written there; an earlier report may be replaced without a word.

    Raises:
        RequestError: the name is none of a page, or matplotlib is missing.
        OutputError: something else is there, or nothing can be.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise RequestError(f"--out {out}: a report is an HTML page; give a name that ends in .html")
    check_matplotlib()
    if is_taken(out) and not force and not _is_report(out):
        raise existing(out, "and is no report")
    check_writable(out)


def write_report(places: Sequence[Path], out: Path, *, refresh: float | None = None) -> Written:
    """Read the runs at some places and write their report.

    Args:
        places: folders of runs, or folders that hold runs.
        out: the file.
        refresh: seconds after which the page loads itself again, while a run goes on.

    Raises:
        RunError: there is no run at a place.
        OutputError: the file cannot be written.
    """
    made = datetime.now(UTC)
    runs = read_runs(run_folders(places))
    groups, left = plots_of(runs)
    goes_on = any(run.goes_on for run in runs)
    drawn = page(runs, groups, galleries(runs), made=made, left=left, refresh=refresh if goes_on else None)
    write_text(out, drawn)
    return Written(len(runs), sum(len(group.plots) for group in groups), len(drawn), goes_on)


def plots_of(runs: Sequence[RunFacts]) -> tuple[list[Group], int]:
    """Return the plots of some runs in their groups, and how many quantities are not among them."""
    return groups_of([run.name for run in runs], [run.curves for run in runs])


def keep_writing(
    places: Sequence[Path],
    out: Path,
    *,
    seconds: float,
    tell: Callable[[Written], None],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Write the report again every so many seconds, until none of its runs goes on any more.

    Raises:
        RunError, OutputError: as `write_report`.
    """
    while True:
        written = write_report(places, out, refresh=seconds)
        tell(written)
        if not written.goes_on:
            return
        wait(seconds)


def write_figures(places: Sequence[Path], folder: Path, *, force: bool) -> int:
    """Write every plot of the runs as SVG and PNG into a folder, and return how many there are.

    Raises:
        RequestError: matplotlib is missing.
        RunError: there is no run at a place, or none with numbers.
        OutputError: the folder holds something else, or other figures.
    """
    check_matplotlib()
    groups, _ = plots_of(read_runs(run_folders(places)))
    plots = [plot for group in groups for plot in group.plots]
    if not plots:
        raise RequestError(f"--figures {folder}: there is nothing to draw: no run has metrics yet")
    names = {f"{plot.key}.{form}": (plot, form) for plot in plots for form in _FORMS}
    with folder_target(folder, names, force=force) as target:
        for name, (plot, form) in names.items():
            draw_for_paper(plot, target / name, form)
    return len(plots)


def _is_report(out: Path) -> bool:
    """Return True for a file that says that `hitzoo report` made it."""
    try:
        with out.open("rb") as file:
            return f'content="{GENERATOR} '.encode() in file.read(_HEAD)
    except OSError:
        return False
