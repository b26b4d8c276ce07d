"""`hitzoo render`: a region of an image, at a fraction of its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.options import (
    DeviceOption,
    ForceOption,
    InitOption,
    ModelArgument,
    ModelOption,
    PictureFormatOption,
    PrecisionOption,
    QualityOption,
    TruncationOption,
)
from hitzoo.cli.threads import ThreadsOption


def render(
    name: ModelArgument = None,
    model: ModelOption = None,
    seed: Annotated[
        str,
        typer.Option(
            "--seed",
            "--seeds",
            metavar="7",
            help="Render the image of this seed, or one per seed of a list such as 0-3,7.",
        ),
    ] = "0",
    region: Annotated[
        str | None,
        typer.Option(
            metavar="LEFT,TOP,WIDTH,HEIGHT",
            help="Region to render, in pixels. Default: the whole image.",
            show_default=False,
        ),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(
            metavar="RESOLUTION",
            help="Render the output of a coarser stage, as a preview; --region then counts its pixels.",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="Spread the image over so many pixels per side, where the model takes coordinates, as CIPS;"
            " --region then counts them.",
            show_default=False,
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(metavar="PIXELS", min=1, help="Side of the tiles. Default 1024.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="File to write, also .jpg or .webp. Default: renders/ and the names of model, seed, region and level.",
            show_default=False,
        ),
    ] = None,
    npy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npy", help="Write float32 (H, W, C), not clipped. A picture is then written only with --out."
        ),
    ] = None,
    format: PictureFormatOption = None,
    quality: QualityOption = None,
    truncation: TruncationOption = 1.0,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    init: InitOption = None,
    force: ForceOption = False,
) -> None:
    """Render a region of an image tile by tile: only its pixels are computed, and memory holds one tile.

    For models whose last stages are pixel-wise, as HiT's are, or all of them, as CIPS's. Rendering the same picture
    again is allowed; a different one of the same name is kept unless --force is given. Several processes divide the
    seeds.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.divided import joined, load_alike
    from hitzoo.cli.models import chosen_model

    chosen = chosen_model(name, model)
    with progress.spinner("loading torch"):
        from hitzoo.sampling.picture_file import QUALITY
    from hitzoo.sampling.region import parse_region
    from hitzoo.sampling.render import TILE, View
    from hitzoo.sampling.render_file import RenderRequest, check_render, write_render

    seeds = _seeds(seed, out, npy)
    part = parse_region(region) if region is not None else None
    view = View(region=part, level=level, size=size, tile=tile or TILE)
    wanted = [
        RenderRequest(
            view=view,
            seed=number,
            truncation=truncation,
            precision=precision,
            keeps_memory=True,
            out=out,
            npy=npy,
            format=format,
            quality=QUALITY if quality is None else quality,
            force=force,
        )
        for number in seeds
    ]
    with joined(device, on_loss="Start it again") as (world, own_device):
        _, generator = load_alike(world, chosen, own_device, init)
        if world.size > 1:
            world.broadcast_from_first(lambda: check_render(generator, wanted[0]))  # what all would refuse alike
        for first in range(0, len(wanted), world.size):
            written: list[Path] = []
            for own in wanted[first : first + world.size][world.rank :][:1]:
                with progress.progress_bar("pixels") as follow:
                    written = write_render(generator, own, follow)
            lines = world.all_gather_names(("  ".join(map(str, written)),) if written else ())
            if world.first:
                for line in lines:
                    console.print_line(line)


def _seeds(text: str, out: Path | None, npy: Path | None) -> list[int]:
    from hitzoo.errors import RequestError
    from hitzoo.sampling.latents import parse_seeds

    seeds = parse_seeds(text)
    if len(seeds) > 1 and (out is not None or npy is not None):
        raise RequestError(f"--seeds {text}: {len(seeds):,} images, and --out and --npy name one file; give one seed")
    return seeds
