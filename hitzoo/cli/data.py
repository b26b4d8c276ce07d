"""`hitzoo data check`: what a folder or zip of images holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.options import JsonOption

if TYPE_CHECKING:
    from hitzoo.data.check import DataReport

app = typer.Typer(help="Look at a data set.", no_args_is_help=True)

_MOST_LINES = 20


@app.callback()
def data() -> None:
    """Look at a data set."""


@app.command("check")
def check_data(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A folder, a zip, or the word synthetic.", show_default=False)
    ],
    as_json: JsonOption = False,
) -> None:
    """Decode every image: how many there are, their sizes and modes, and which files cannot be read.

    Exit code 2 when a file cannot be read; training would stop there, or leave it out with data.on_error: skip.
    """
    from hitzoo.cli import progress, render
    from hitzoo.data.check import check

    with progress.following("images") as follow:
        report = check(path, progress=follow)
    if as_json:
        render.print_json(report.to_json())
    else:
        _print(report)
    if report.bad:
        raise typer.Exit(2)


def _print(report: DataReport) -> None:
    from hitzoo.cli import render

    render.print_line(f"{report.location}: {render.count(report.count, 'image')}, {report.readable:,} readable")
    sizes = [(f"{width}×{height}", count) for (width, height), count in report.sizes.items()]
    for title, counts in (("sizes", sizes), ("modes", [*report.modes.items()]), ("formats", [*report.formats.items()])):
        shown = ", ".join(f"{name} ({count:,})" for name, count in counts[:_MOST_LINES])
        more = f", and {len(counts) - _MOST_LINES} more" if len(counts) > _MOST_LINES else ""
        if counts:
            render.print_line(f"  {title}: {shown}{more}")
    if report.non_square:
        render.print_line(f"  not square: {report.non_square:,}; data.crop says what becomes of them")
    for name, reason in report.bad[:_MOST_LINES]:
        render.print_line(f"  unreadable: {name} ({reason})", style="red")
    if len(report.bad) > _MOST_LINES:
        render.print_line(f"  … and {len(report.bad) - _MOST_LINES:,} more unreadable files (--json names all)")
