"""`hitzoo explore`: a page on which a model's latents are moved through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.options import DeviceOption, ForceOption, InitOption, ModelArgument, ModelOption, PrecisionOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.sampling.generator import Generator


def explore(
    name: ModelArgument = None,
    model: ModelOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Port of the page on 127.0.0.1; 0 for any that is free. Default 7860, another where that is in use.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the page as files that run in any browser, and as a Space of the Hub; needs the extra onnx.",
            show_default=False,
        ),
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            metavar="PLACE",
            help="With --export: onnxruntime-web as a package of npm or a folder. Default: the cache, else a download"
            " of 33 MB.",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    init: InitOption = None,
    force: ForceOption = False,
) -> None:
    """Open a page on this machine to move through a model's latents, and see pictures at once.

    Mixtures of four seeds, truncation, what each stage adds, and zoom; a picture is taken along with the command that
    makes it again. The page answers to this machine alone: 127.0.0.1. End it with Ctrl-C.
    """
    from hitzoo.cli.models import chosen_model, load_model
    from hitzoo.errors import RequestError

    chosen = chosen_model(name, model)
    if export is None and (runtime is not None or force):
        raise RequestError(f"{'--force' if runtime is None else '--runtime'}: goes with --export")
    if export is not None and (port is not None or precision != "float32"):
        raise RequestError(
            f"{'--precision' if port is None else '--port'}: is for the page on this machine, not --export"
        )
    generator = load_model(chosen, device if export is None else "cpu", init)
    if export is None:
        _serve(generator, chosen, port, precision)
    else:
        _export(generator, export, runtime, force)


def _serve(generator: Generator, model: str, port: int | None, precision: str) -> None:
    from hitzoo.cli import console
    from hitzoo.explore.about import about, check_explorable
    from hitzoo.explore.pictures import Pictures
    from hitzoo.explore.server import PageServer

    check_explorable(generator)
    quick = generator.fast(precision, keeps_memory=True)
    with PageServer(Pictures(generator, quick), about(generator, quick, model), port) as server:
        console.print_line(f"{generator.label} at {server.address}; Ctrl-C ends it")
        server.serve_forever()


def _export(generator: Generator, folder: Path, runtime: Path | None, force: bool) -> None:
    from hitzoo.cli import console, progress
    from hitzoo.explore.site import export_site

    with progress.transfer_bar("onnxruntime-web") as follow:
        done = export_site(generator, folder, runtime=runtime, force=force, progress=follow)
    console.print_line(f"wrote {done.folder}: {console.size(done.size)}, its network {console.size(done.network)}")
    console.print_line(f"largest difference from PyTorch's images, of their largest value: {done.difference:.1e}")
    console.print_line(f"python -m http.server --directory {done.folder} shows it")
