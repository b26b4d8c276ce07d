"""`hitzoo interpolate`: a film, or a strip, of the images between others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    PrecisionOption,
    QualityOption,
    TruncationOption,
)
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.sampling.generator import Generator
    from hitzoo.sampling.latent_file import Latents


def interpolate(
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="File to write: .mp4 (needs the extra video), .gif, .webp or .apng; .png or .jpg for a strip.",
            show_default=False,
        ),
    ],
    name: ModelArgument = None,
    model: ModelOption = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", metavar="3,14,15", help="Walk from the image of one seed to the next.", show_default=False
        ),
    ] = None,
    latents: LatentsOption = None,
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="N",
            help="Make images of this class, for models with classes. Default: the class that the first seed draws.",
            show_default=False,
        ),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=2, max=1_000_000, help="Images in all. Default 60, of a strip 8.", show_default=False
        ),
    ] = None,
    curve: Annotated[
        str,
        typer.Option(
            metavar="linear|spherical|smooth",
            help="Go straight, as papers' figures do; along the sphere on which latents lie; or without corners.",
        ),
    ] = "linear",
    space: Annotated[
        str, typer.Option(metavar="z|w", help="Walk through latents, or through styles where a mapping makes them.")
    ] = "z",
    loop: Annotated[bool, typer.Option("--loop", help="Return to the first: a film without beginning or end.")] = False,
    fps: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=240, help="Frames per second of a film. Default 25.", show_default=False),
    ] = None,
    scale: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Enlarge N times.")] = 1,
    padding: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            min=0,
            max=1024,
            help="Space between the images of a strip. Default 2.",
            show_default=False,
        ),
    ] = None,
    quality: QualityOption = None,
    truncation: TruncationOption = 1.0,
    batch_size: ImagesPerPassOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    optimized: OptimizedOption = False,
    precision: PrecisionOption = "float32",
    init: InitOption = None,
    force: ForceOption = False,
) -> None:
    """Make a film of the images between others, or a strip of them.

    Images are written as they come: memory holds one batch of them, however long the film. Noise stays that of the
    first seed. The file's metadata says what made it.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.models import chosen_model, load_model, optimized_precision
    from hitzoo.errors import RequestError

    chosen = chosen_model(name, model)
    quick = optimized_precision(optimized, precision)
    with progress.spinner("loading torch"):
        from hitzoo.sampling.interpolate import FPS, FRAMES, TILES, InterpolationRequest, is_film
        from hitzoo.sampling.interpolate import interpolate as write
        from hitzoo.sampling.latents import parse_seeds
        from hitzoo.sampling.picture_file import QUALITY
        from hitzoo.sampling.pictures import PADDING
        from hitzoo.sampling.walk import Walk, curve_named

    if seeds is not None and latents is not None:
        raise RequestError("give --seeds or --latents, not both")
    if seeds is None and latents is None:
        raise RequestError("give --seeds, for example --seeds 3,14,15, or --latents")
    film = is_film(out)
    if film and padding is not None:
        raise RequestError(f"--padding {padding}: is for strips, of .png or .jpg; --out {out} is a film")
    if not film and fps is not None:
        raise RequestError(f"--fps {fps}: is for films; --out {out} is a strip of images")
    numbers = None if seeds is None else parse_seeds(seeds)
    walk = Walk(frames=frames or (FRAMES if film else TILES), curve=curve_named(curve), loop=loop)
    loaded = load_model(chosen, device, init)
    generator = loaded if quick is None else loaded.fast(quick, keeps_memory=True)
    inputs = _inputs(generator, numbers, latents, class_, space)
    request = InterpolationRequest(
        latents=inputs.rows,
        styles=inputs.styles,
        walk=walk,
        out=out,
        seeds=numbers,
        truncation=truncation,
        fps=fps or FPS,
        scale=scale,
        padding=PADDING if padding is None else padding,
        quality=QUALITY if quality is None else quality,
        batch_size=batch_size,
        force=force,
    )
    with progress.count_bar("images", walk.frames) as advance:
        written = write(generator, request, advance)
    shown = f", {walk.frames / request.fps:.3g} s" if film else ""
    console.print_line(f"{console.count(walk.frames, 'frame')}{shown}: {written}")


def _inputs(
    generator: Generator, seeds: list[int] | None, latents: Path | None, class_: str | None, space: str
) -> Latents:
    """The inputs to pass through, with the class that all have, and styles where these are walked through."""
    import torch

    from hitzoo.errors import RequestError
    from hitzoo.sampling.classes import chosen_classes, parse_classes, with_classes
    from hitzoo.sampling.given_styles import space_named, styles_of
    from hitzoo.sampling.latent_file import Latents, read_latent_file
    from hitzoo.sampling.latents import latents_of_seeds

    plan = generator.plan
    of = None if class_ is None else chosen_classes(parse_classes(class_), plan)
    if of is not None and len(of) != 1:
        raise RequestError(f"--class {class_}: a walk stays in one class; give one")
    if space_named(space, plan.generator, generator.module) == "w+":
        raise RequestError("--space w+: styles by place are those of a file; take w, or --latents with such a file")
    if latents is not None:
        inputs = read_latent_file(latents, generator, classes_follow=of is not None)
    else:
        assert seeds is not None
        inputs = Latents(latents_of_seeds(seeds, plan.input_width))
    rows, styles = inputs.rows, inputs.styles
    rows = rows if of is None else with_classes(rows, of, plan.generator.takes)
    if space.lower() == "w" and styles is None:
        at = torch.from_numpy(rows).to(generator.device)
        styles = styles_of(generator.module, plan.generator, at).cpu().numpy()
    return Latents(rows, styles)
