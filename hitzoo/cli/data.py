"""`hitzoo data check`: contents of a data set; `data pack`: its images as squares in one zip; `data make`: avatars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.help import GroupHelp, VerbHelp, print_help
from hitzoo.cli.options import ForceOption, JsonOption
from hitzoo.cli.process import is_restarted

app = typer.Typer(cls=GroupHelp, help="Check a data set, pack it, or make one.", invoke_without_command=True)

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A folder, a .zip, .tfrecords, CIFAR's, STL-10's or MNIST's files, hf:ORG/NAME, or the word synthetic.",
        show_default=False,
    ),
]


@app.callback()
def data(context: typer.Context) -> None:
    """Check a data set, pack it, or make one."""
    if context.invoked_subcommand is None:
        print_help(context.command, context)


@app.command("check", cls=VerbHelp)
def check_data(
    source: SourceArgument,
    resolution: Annotated[
        int | None,
        typer.Option(
            metavar="R",
            min=1,
            help="Side of the model's images: smaller pictures are counted. Also the side of synthetic images, and of"
            " records that hold several sizes (else 32).",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read every image as training would: sizes, modes, suitable specs, duplicates, and unreadable files.

    Other files are counted by extension. The exit code is 2 if a file cannot be read; training would stop, or skip
    it with data.on_error: skip.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.data_report import print_report
    from hitzoo.data.check import check

    with progress.progress_bar("images") as follow:
        report = check(source, resolution=resolution, progress=follow)
    if as_json:
        console.print_json(report.to_json())
    else:
        print_report(report)
    if report.bad:
        raise typer.Exit(2)


@app.command("pack", cls=VerbHelp)
def pack_data(
    source: SourceArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT.zip", help="The file to write.", show_default=False)],
    resolution: Annotated[
        int, typer.Option(metavar="R", help="Side of the packed images in pixels.", show_default=False)
    ],
    channels: Annotated[int, typer.Option(metavar="1|3|4", help="Grey, RGB, or RGB with transparency.")] = 3,
    crop: Annotated[
        str, typer.Option(metavar="center|none", help="Cut a centred square, or squeeze the whole picture.")
    ] = "center",
    crop_fraction: Annotated[
        float, typer.Option(metavar="F", help="Side of the square as a fraction of the shorter side.")
    ] = 1.0,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Worker processes. Default: one per core.", show_default=False)
    ] = None,
    on_error: Annotated[
        str, typer.Option(metavar="stop|skip", help="Stop at an unreadable image, or skip it.")
    ] = "stop",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Keep finished parts in OUT.zip.parts, and go on with those that are there."),
    ] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make every image a square of R×R pixels, as training would, and write them to one zip file.

    The zip trains like its source and is read faster: images are resized once, not in every epoch. NVIDIA's tools read
    it too (PNGs and a dataset.json without labels). For data.crop: random, pack at a larger size than you train.
    Several processes divide the images: torchrun --nproc-per-node 8 -m hitzoo data pack …
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.data_report import print_packed
    from hitzoo.cli.divided import joined_without_device, note_of_first
    from hitzoo.data.pack import Square, pack

    square = Square(resolution=resolution, channels=channels, crop=crop, crop_fraction=crop_fraction)
    with joined_without_device() as processes, progress.progress_bar("images") as follow:
        report = pack(
            source,
            out,
            square,
            workers=workers,
            on_error=on_error,
            force=force,
            resume=resume or is_restarted(),
            processes=processes,
            progress=follow,
            note=note_of_first,
        )
    if report is None:
        return
    if as_json:
        console.print_json(report.to_json())
    else:
        print_packed(report)


@app.command("make", cls=VerbHelp)
def make_data(
    style: Annotated[
        str,
        typer.Argument(
            metavar="STYLE",
            help="critters, clay, landscape or planets (CC0 1.0), personas or toon-head (CC BY 4.0), or another of"
            " DiceBear's styles (www.dicebear.com/styles).",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.zip", help="The file to write.", show_default=False)],
    number: Annotated[int, typer.Option(metavar="N", help="Pictures to make.")] = 20_000,
    resolution: Annotated[int, typer.Option(metavar="R", help="Side of the pictures in pixels.")] = 64,
    first: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Number of the first picture. Begin after the last one of another file for others than its.",
        ),
    ] = 0,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Worker processes. Default: one per core.", show_default=False)
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw avatars to train on: aligned, varied, under a clear licence, the same on every machine.

    Picture i of a style is always the same one. The zip holds PNGs and the licence with its credit. It needs
    pip install 'hitzoo[avatars]'. Several bundled models were trained on such pictures: docs/zoo.md.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.data_report import print_made
    from hitzoo.data.make import make_avatars

    with progress.progress_bar("images") as follow:
        report = make_avatars(
            style,
            out,
            number=number,
            resolution=resolution,
            first=first,
            workers=workers,
            force=force,
            progress=follow,
        )
    if as_json:
        console.print_json(report.to_json())
    else:
        print_made(report)
