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
from hitzoo.errors import RequestError


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
    codes: Annotated[
        Path | None,
        typer.Option(
            metavar="CODES.npz",
            help="Render pictures of codes, which `hitzoo encode` wrote, instead of a seed's image: of an autoencoder.",
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        str,
        typer.Option(metavar="N", help="Render the picture of these codes of the file, or one each of a list: 0-3,7."),
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
    from hitzoo.cli import progress
    from hitzoo.cli.models import chosen_model
    from hitzoo.cli.rendering import render_codes, render_seeds

    if codes is None and index != "0":
        raise RequestError(f"--index {index}: goes with --codes")
    if codes is not None:
        _refuse_latent(seed, truncation, init)
    chosen = chosen_model(name, model)
    with progress.spinner("loading torch"):
        from hitzoo.sampling.picture_file import QUALITY
    from hitzoo.sampling.region import parse_region
    from hitzoo.sampling.render import TILE, View
    from hitzoo.sampling.render_file import RenderRequest

    numbers = _numbers("--seeds", seed, out, npy) if codes is None else _numbers("--index", index, out, npy)
    part = parse_region(region) if region is not None else None
    view = View(region=part, level=level, size=size, tile=tile or TILE)
    wanted = RenderRequest(
        view=view,
        truncation=truncation,
        precision=precision,
        keeps_memory=True,
        out=out,
        npy=npy,
        format=format,
        quality=QUALITY if quality is None else quality,
        force=force,
    )
    if codes is not None:
        render_codes(chosen, codes, numbers, wanted, device)
    else:
        render_seeds(chosen, numbers, wanted, device, init)


def _refuse_latent(seed: str, truncation: float, init: str | None) -> None:
    if seed != "0" or truncation != 1 or init is not None:
        raise RequestError("--seed, --truncation and --init are for models with a latent; codes are given by --codes")


def _numbers(option: str, text: str, out: Path | None, npy: Path | None) -> list[int]:
    from hitzoo.sampling.latents import parse_seeds
    from hitzoo.sampling.ranges import Listed, parse_ranges

    indices = Listed(option="--index", noun="number", largest=2**31 - 1, example="0-3,7")
    numbers = parse_seeds(text) if option == "--seeds" else parse_ranges(text, indices)
    if len(numbers) > 1 and (out is not None or npy is not None):
        one = "seed" if option == "--seeds" else "index"
        raise RequestError(
            f"{option} {text}: {len(numbers):,} images, and --out and --npy name one file; give one {one}"
        )
    return numbers
