"""`hitzoo sample`: pictures from a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.options import DeviceOption, FastOption, InitOption, ModelOption, PrecisionOption, TruncationOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.inference.gallery import Order
    from hitzoo.inference.sample import Generator


def sample(
    model: ModelOption,
    seeds: Annotated[
        str | None, typer.Option(metavar="0-35,40", help="One image a seed. Default 0-15.", show_default=False)
    ] = None,
    latents: Annotated[
        Path | None,
        typer.Option(metavar="Z.npy", help="Latents (N, latent_dim) instead of seeds.", show_default=False),
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(metavar="ROWSxCOLUMNS", help="Also lay the images out in grids, e.g. 6x6.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the PNG files go. Default samples/NAME.", show_default=False),
    ] = None,
    npy: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.npy", help="Write float32 (N, R, R, C), not clipped; PNG only with --out.", show_default=False
        ),
    ] = None,
    truncation: TruncationOption = 1.0,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Images at once. Default: a million pixels, 65,536 on a CPU.", show_default=False),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    fast: FastOption = False,
    precision: PrecisionOption = "float32",
    init: InitOption = None,
) -> None:
    """Make images: one PNG a seed, grids, or raw numbers. A seed gives the same latent in any batch on any device.

    Pictures of the same names that are there already are replaced; each says in its metadata what made it.
    """
    from hitzoo.cli import progress, render
    from hitzoo.cli.models import fast_precision, load_model

    quick = fast_precision(fast, precision)
    generator = load_model(model, device, init)  # loads torch, and says so
    from hitzoo.inference.gallery import make_images

    generator = generator if quick is None else generator.fast(quick)
    order = _order(generator, seeds, latents, grid, out, npy, truncation, batch_size)
    with progress.counting("images", len(order.latents)) as advance:
        written = make_images(generator, order, advance)
    folders = ", ".join(sorted({str(path.parent) for path in written if path != npy}))
    places = [str(written[0]) if grid and order.folder else "", folders, str(npy) if npy else ""]
    render.print_line(f"{render.count(len(order.latents), 'image')}: " + "  ".join(filter(None, places)))


def _order(
    generator: Generator,
    seeds: str | None,
    latents: Path | None,
    grid: str | None,
    out: Path | None,
    npy: Path | None,
    truncation: float,
    batch_size: int | None,
) -> Order:
    from hitzoo.errors import RequestError
    from hitzoo.inference.gallery import Order, parse_grid
    from hitzoo.inference.latents import latents_of_seeds, parse_seeds, read_latents

    if seeds is not None and latents is not None:
        raise RequestError("give --seeds or --latents, not both")
    width = generator.plan.generator.latent_dim
    numbers = None if latents is not None else parse_seeds("0-15" if seeds is None else seeds)
    z = read_latents(latents, width) if latents is not None else latents_of_seeds(numbers or [], width)
    names = (
        [f"seed{number:04d}" for number in numbers] if numbers else [f"latent{index:04d}" for index in range(len(z))]
    )
    return Order(
        latents=z,
        names=names,
        seeds=numbers,
        folder=out if out is not None or (npy is not None and grid is None) else Path("samples") / generator.name,
        grid=parse_grid(grid) if grid else None,
        npy=npy,
        truncation=truncation,
        batch_size=batch_size,
    )
