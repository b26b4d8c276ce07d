"""`hitzoo report`: runs as one page, and their plots as figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.completion import complete_run
from hitzoo.cli.options import ForceOption

if TYPE_CHECKING:
    from hitzoo.report.write import Written


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Folders of runs, or folders that hold runs; several are drawn over each other.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="The page to write.")] = Path("report.html"),
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also write every plot as SVG and PNG to this folder, for papers.", show_default=False
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Write the page again and again while a run goes on; it reloads itself.")
    ] = False,
    every: Annotated[float, typer.Option(metavar="S", min=1, help="With --watch: seconds between two pages.")] = 30,
    force: ForceOption = False,
) -> None:
    """Draw runs as one HTML page: curves, samples over time, networks, spec, versions, hardware and warnings.

    The page holds everything it needs, asks no other machine for anything, and can be sent as it is. Runs that go on,
    were stopped or are damaged are shown as far as they can be read. An earlier report of the same name is replaced.
    """
    from hitzoo.cli import console
    from hitzoo.errors import RequestError
    from hitzoo.report.run_facts import run_folders
    from hitzoo.report.write import check_target, keep_writing, write_figures, write_report

    if watch and figures is not None:
        raise RequestError("give --watch or --figures, not both: figures are of a run as it is")
    run_folders(runs)
    check_target(out, force=force)
    if watch:
        keep_writing(runs, out, seconds=every, tell=lambda written: _tell_watched(written, out))
        return
    if figures is not None:
        count = write_figures(runs, figures, force=force)
        console.print_line(f"wrote {console.count(count, 'plot')} as SVG and PNG to {figures}")
    _tell(write_report(runs, out), out)


def _tell(written: Written, out: Path) -> None:
    from hitzoo.cli import console

    runs, plots = console.count(written.runs, "run"), console.count(written.plots, "plot")
    console.print_line(f"wrote {out}: {runs}, {plots}, {console.size(written.size)}; open it in a browser")


def _tell_watched(written: Written, out: Path) -> None:
    from hitzoo.cli import console

    if written.goes_on:
        console.print_line(f"wrote {out}, {console.size(written.size)}; Ctrl-C ends")
    else:
        console.print_line(f"wrote {out}, {console.size(written.size)}: no run goes on any more")
