"""`hitzoo render`: a part of an image, at a part of its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.options import DeviceOption, InitOption, ModelOption, PrecisionOption, TruncationOption
from hitzoo.cli.threads import ThreadsOption


def render(
    model: ModelOption,
    seed: Annotated[int, typer.Option(help="Whose image.")] = 0,
    region: Annotated[
        str | None,
        typer.Option(metavar="LEFT,TOP,WIDTH,HEIGHT", help="In pixels. Default: the whole image.", show_default=False),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(
            metavar="RESOLUTION", help="The image of a coarser stage, a preview; the region counts in its pixels."
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(min=1, help="Pixels a side that are computed at once. Default 1024.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Default renders/NAME-seedN.png.", show_default=False)
    ] = None,
    npy: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npy", help="Write float32 (H, W, C), not clipped; PNG only with --out."),
    ] = None,
    truncation: TruncationOption = 1.0,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    init: InitOption = None,
) -> None:
    """Render exactly the pixels of a region, tile by tile: what lies outside is not computed, memory holds one tile.

    For models whose last stages are pixel-wise, as HiT's are. Files of the same name are replaced.
    """
    from hitzoo.cli import progress, render
    from hitzoo.cli.models import load_model

    generator = load_model(model, device, init)  # loads torch, and says so
    from hitzoo.inference.region import parse_region
    from hitzoo.inference.render import TILE, View
    from hitzoo.inference.render_file import Wanted, write_render

    view = View(region=parse_region(region) if region is not None else None, level=level, tile=tile or TILE)
    wanted = Wanted(view=view, seed=seed, truncation=truncation, precision=precision, out=out, npy=npy)
    with progress.following("pixels") as follow:
        written = write_render(generator, wanted, follow)
    render.print_line("  ".join(map(str, written)))
