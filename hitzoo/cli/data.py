"""`hitzoo data check`: what a folder or zip of images holds; `hitzoo data pack`: all of it square in one zip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.help import GroupHelp, VerbHelp, print_help
from hitzoo.cli.options import JsonOption

if TYPE_CHECKING:
    from hitzoo.data.check import DataReport
    from hitzoo.data.pack import PackReport

app = typer.Typer(cls=GroupHelp, help="Look at a data set, or pack it.", invoke_without_command=True)

_MOST_LINES = 20

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A folder, a .zip, .tfrecords, hf:ORG/NAME, or the word synthetic.", show_default=False
    ),
]


@app.callback()
def data(context: typer.Context) -> None:
    """Look at a data set, or pack it."""
    if context.invoked_subcommand is None:
        print_help(context.command, context)


@app.command("check", cls=VerbHelp)
def check_data(
    source: SourceArgument,
    resolution: Annotated[
        int,
        typer.Option(min=1, help="The side of synthetic images, and the size to look at where records have several."),
    ] = 32,
    as_json: JsonOption = False,
) -> None:
    """Decode every image: how many there are, their sizes and modes, and which files cannot be read.

    Exit code 2 when a file cannot be read; training would stop there, or leave it out with data.on_error: skip.
    """
    from hitzoo.cli import progress, render
    from hitzoo.data.check import check

    with progress.following("images") as follow:
        report = check(source, resolution=resolution, progress=follow)
    if as_json:
        render.print_json(report.to_json())
    else:
        _print(report)
    if report.bad:
        raise typer.Exit(2)


@app.command("pack", cls=VerbHelp)
def pack_data(
    source: SourceArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT.zip", help="The file to write.", show_default=False)],
    resolution: Annotated[int, typer.Option(metavar="R", help="The side of the packed images.", show_default=False)],
    channels: Annotated[int, typer.Option(metavar="1|3|4", help="Grey, RGB, RGB with transparency.")] = 3,
    crop: Annotated[
        str, typer.Option(metavar="center|none", help="A centred square, or the whole picture squeezed.")
    ] = "center",
    crop_fraction: Annotated[float, typer.Option(metavar="F", help="The square's part of the shorter side.")] = 1.0,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Processes. Default: one for each core.", show_default=False)
    ] = None,
    on_error: Annotated[
        str, typer.Option(metavar="stop|skip", help="What to do at an image that cannot be read.")
    ] = "stop",
    as_json: JsonOption = False,
) -> None:
    """Make every image a square of R×R pixels, as training would, and write them to one zip file.

    \b
    hitzoo data pack ffhq-r10.tfrecords ffhq256.zip --resolution 256

    It trains like its source and is read faster: images are resized once, not in every epoch. NVIDIA's tools read it
    too (PNGs and a dataset.json without labels). For data.crop: random, pack at a larger size than you train.
    """
    from hitzoo.cli import progress, render
    from hitzoo.data.pack import Square, pack

    square = Square(resolution=resolution, channels=channels, crop=crop, crop_fraction=crop_fraction)
    with progress.following("images") as follow:
        report = pack(source, out, square, workers=workers, on_error=on_error, progress=follow)
    if as_json:
        render.print_json(report.to_json())
    else:
        _print_packed(report)


def _print_packed(report: PackReport) -> None:
    from hitzoo.cli import render

    side = report.square.resolution
    size = render.size(report.size)
    render.print_line(f"wrote {report.out}: {render.count(report.packed, 'image')} of {side}×{side}, {size}")
    _print_names("left out", report.skipped)


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
    _print_names("unreadable", report.bad)


def _print_names(what: str, images: Sequence[tuple[str, str]]) -> None:
    """Name and reason of the first few of them."""
    from hitzoo.cli import render

    for name, reason in images[:_MOST_LINES]:
        render.print_line(f"  {what}: {name} ({reason})", style="red")
    if len(images) > _MOST_LINES:
        render.print_line(f"  … and {len(images) - _MOST_LINES:,} more (--json names all)")
