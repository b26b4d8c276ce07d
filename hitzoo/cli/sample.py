"""`hitzoo sample`: images from a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.options import (
    DeviceOption,
    ForceOption,
    ImagesPerPassOption,
    InitOption,
    LatentsOption,
    ModelArgument,
    ModelOption,
    OptimizedOption,
    PictureFormatOption,
    PrecisionOption,
    QualityOption,
    TruncationOption,
)
from hitzoo.cli.process import is_restarted
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.sampling.gallery import SampleRequest
    from hitzoo.sampling.generator import Generator
    from hitzoo.sampling.grid import Layout


def sample(
    name: ModelArgument = None,
    model: ModelOption = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", "--seed", metavar="0-35,40", help="Make one image per seed. Default 0-15.", show_default=False
        ),
    ] = None,
    latents: LatentsOption = None,
    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            "--class",
            metavar="0-9,12",
            help="Make images of this class, or of several in turn, image by image; of a single seed, one of each."
            " For models with classes. Default: the seed draws it.",
            show_default=False,
        ),
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(metavar="ROWSxCOLUMNS", help="Also lay the images out in grids, e.g. 6x6.", show_default=False),
    ] = None,
    padding: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS", min=0, max=1024, help="Space between the tiles of a grid. Default 2.", show_default=False
        ),
    ] = None,
    scale: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=64, help="Enlarge N times: the tiles of a grid, or without --grid the pictures."
        ),
    ] = 1,
    labels: Annotated[
        bool, typer.Option("--labels", help="Write the seed, and the class, under each tile of a grid.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder to write pictures to. Default: samples/ and the name of the run or model.",
            show_default=False,
        ),
    ] = None,
    npy: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.npy",
            help="Write float32 (N, R, R, C), not clipped. Pictures are then written only with --out.",
            show_default=False,
        ),
    ] = None,
    format: PictureFormatOption = None,
    quality: QualityOption = None,
    truncation: TruncationOption = 1.0,
    mix: Annotated[
        str | None,
        typer.Option(
            metavar="SEED@PLACE",
            help="Take the style of another seed from a place on, e.g. 7@4: style mixing, for generators with styles.",
            show_default=False,
        ),
    ] = None,
    batch_size: ImagesPerPassOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    optimized: OptimizedOption = False,
    precision: PrecisionOption = "float32",
    init: InitOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Do not make pictures again that are there already, made alike.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Make images: a picture per seed, grids, or raw numbers. A seed gives the same latent in any batch on any device.

    Each picture's metadata records its origin: model, sha256 of the weights, step, seed, truncation, precision and
    network. Making the same pictures again is allowed; others of the same names, or of another model in the same
    folder, are kept unless --force is given. Several processes divide the batches: torchrun --nproc-per-node 8 -m
    hitzoo sample …
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.divided import first_before_others, joined, load_alike
    from hitzoo.cli.models import chosen_model, optimized_precision

    with progress.spinner("loading torch"):
        from hitzoo.sampling.classes import parse_classes
        from hitzoo.sampling.gallery import make_images
        from hitzoo.sampling.output_names import samples_folder
        from hitzoo.sampling.picture_file import QUALITY
        from hitzoo.sampling.style_mixing import parse_mix

    chosen = chosen_model(name, model)
    quick = optimized_precision(optimized, precision)
    layout = _layout(grid, padding, scale, labels)
    numbers, style = _seeds(seeds, latents), None if mix is None else parse_mix(mix)
    of = None if classes is None else parse_classes(classes)
    with joined(device) as (world, own_device):
        _, loaded = load_alike(world, chosen, own_device, init)
        generator = loaded if quick is None else loaded.fast(quick, keeps_memory=True)
        request = first_before_others(
            world,
            lambda: _request(
                generator,
                numbers,
                latents,
                of,
                grid=layout,
                folder=out
                if out is not None or (npy is not None and layout is None)
                else samples_folder(generator, truncation, 1 if layout else scale, style),
                npy=npy,
                truncation=truncation,
                mix=style,
                batch_size=batch_size,
                format=_format(format),
                quality=QUALITY if quality is None else quality,
                scale=1 if layout else scale,
                force=force,
                resume=resume or is_restarted(),
            ),
        )
        with progress.count_bar("images", len(request.latents)) as advance:
            written = make_images(generator, request, advance, world=world)
    if world.first:
        console.print_line(_report(request, written))


def _layout(grid: str | None, padding: int | None, scale: int, labels: bool) -> Layout | None:
    """Layout of grids; options for grids are refused without one."""
    from hitzoo.errors import RequestError
    from hitzoo.sampling.grid import Layout, parse_grid
    from hitzoo.sampling.pictures import PADDING

    if grid is None:
        if padding is not None or labels:
            raise RequestError(f"{'--labels' if labels else '--padding'}: is for grids; give --grid, for example 6x6")
        return None
    rows, columns = parse_grid(grid)
    return Layout(
        rows=rows, columns=columns, padding=PADDING if padding is None else padding, scale=scale, labels=labels
    )


def _seeds(seeds: str | None, latents: Path | None) -> list[int] | None:
    """Parse the seeds before the model is loaded, which can take long."""
    from hitzoo.errors import RequestError
    from hitzoo.sampling.latents import parse_seeds

    if seeds is not None and latents is not None:
        raise RequestError("give --seeds or --latents, not both")
    return None if latents is not None else parse_seeds("0-15" if seeds is None else seeds)


def _format(word: str | None) -> str:
    from hitzoo.sampling.picture_file import format_named

    return format_named("png" if word is None else word)


def _request(
    generator: Generator, seeds: list[int] | None, latents: Path | None, classes: list[int] | None, **more: Any
) -> SampleRequest:
    from hitzoo.sampling.classes import chosen_classes, class_count, with_classes
    from hitzoo.sampling.gallery import SampleRequest
    from hitzoo.sampling.gallery_names import image_names
    from hitzoo.sampling.latent_file import Latents, read_latent_file
    from hitzoo.sampling.latents import latents_of_seeds

    width, ports = generator.plan.input_width, generator.plan.generator.takes
    if classes is not None:
        chosen_classes(classes, generator.plan)
    if latents is not None:
        inputs = read_latent_file(latents, generator, classes_follow=classes is not None)
    else:
        assert seeds is not None
        inputs = Latents(latents_of_seeds(seeds, width))
    rows, styles = inputs.rows, inputs.styles
    numbers = list(range(len(rows))) if seeds is None else seeds
    if classes is not None:
        rows = with_classes(rows, classes, ports)
        numbers = numbers * len(rows) if len(numbers) == 1 else numbers
        styles = styles.repeat(len(rows), axis=0) if styles is not None and len(styles) == 1 else styles
    names = image_names("latent" if seeds is None else "seed", numbers, classes, class_count(ports))
    numbered = None if seeds is None else numbers
    return SampleRequest(latents=rows, styles=styles, names=names, seeds=numbered, **more)


def _report(request: SampleRequest, written: Sequence[Path]) -> str:
    """Print `36 images: samples/b256/grid.png  samples/b256`."""
    from hitzoo.cli import console

    places = [str(request.folder)] if request.folder is not None else []
    if request.folder is not None and request.pages:
        more = f" and {console.count(len(request.pages) - 1, 'more grid')}" if len(request.pages) > 1 else ""
        places.insert(0, f"{written[0]}{more}")
    places += [str(request.npy)] if request.npy else []
    return f"{console.count(len(request.latents), 'image')}: " + "  ".join(places)
