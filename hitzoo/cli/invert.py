"""`hitzoo invert`: the latent whose image comes closest to a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.completion import complete_model
from hitzoo.cli.options import DeviceOption, ForceOption, InitOption, JsonOption, OptimizedOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.inversion.invert import Inverted
    from hitzoo.inversion.record import InversionRequest
    from hitzoo.sampling.generator import Generator


def invert(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PICTURE…", help="Pictures to invert; the middle square of each.", show_default=False),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="A model of the zoo, a model folder, a run (RUN@best, RUN@1000, RUN:AVERAGE), or ORG/NAME[@REVISION]"
            " on the Hub.",
            show_default=False,
            autocompletion=complete_model,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE.npz",
            help="File to write the latents to, for `sample` and `interpolate` with --latents.",
            show_default=False,
        ),
    ],
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Picture of each one beside what was found. Default: FILE.png beside FILE.npz.",
            show_default=False,
        ),
    ] = None,
    progress: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also show the way there: a film (.mp4, .gif, .webp, .apng) or a strip (.png, .jpg).",
            show_default=False,
        ),
    ] = None,
    space: Annotated[
        str,
        typer.Option(
            metavar="z|w|w+",
            help="Search among latents; or, where a mapping makes styles of them, among styles, or with one per place.",
        ),
    ] = "z",
    features: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Features compared beside pixels: random_conv, efficientnet (needs hitzoo[features]) or none.",
        ),
    ] = "random_conv",
    candidates: Annotated[
        int, typer.Option(metavar="N", min=1, max=1_000_000, help="Latents that are drawn to begin with.")
    ] = 512,
    starts: Annotated[
        int, typer.Option(metavar="N", min=1, max=4096, help="The nearest candidates, which are followed at once.")
    ] = 8,
    steps: Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="Steps of descent.")] = 300,
    learning_rate: Annotated[
        float, typer.Option(metavar="X", help="Largest learning rate, in units of a latent's spread.")
    ] = 0.1,
    class_: Annotated[
        str | None,
        typer.Option("--class", metavar="N", help="Class of the image. Default: the nearest.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**32 - 1, help="Seed of the candidates.")] = 0,
    scale: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Enlarge the pictures N times.")] = 1,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    optimized: OptimizedOption = False,
    init: InitOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Find the latents whose images come closest to pictures, by gradient descent from several starts at once.

    Reports the peak signal-to-noise ratio of each image (PSNR, in dB) and its distance. The same command finds the same
    latents on one machine.
    """
    from hitzoo.cli import console
    from hitzoo.cli.divided import note_of_first
    from hitzoo.cli.models import load_model
    from hitzoo.cli.progress import count_bar, spinner
    from hitzoo.errors import RequestError

    with spinner("loading torch"):
        from hitzoo.inversion.descent import Schedule
        from hitzoo.inversion.record import InversionRequest, invert_pictures
        from hitzoo.sampling.given_styles import space_named

    if not 0 < learning_rate <= 1000:
        raise RequestError(f"--learning-rate {learning_rate}: give a positive number, at most 1000")
    loaded = load_model(model, device, init)
    generator = loaded.fast(keeps_memory=True) if optimized else loaded
    request = InversionRequest(
        photos=photos,
        out=out,
        picture=out.with_suffix(".png") if picture is None else picture,
        progress=progress,
        space=space_named(space, generator.plan.generator, generator.module),
        features=features,
        schedule=Schedule(candidates=candidates, starts=starts, steps=steps, learning_rate=learning_rate),
        seed=seed,
        classes=_class(class_, generator),
        scale=scale,
        force=force,
    )
    with count_bar("steps", steps * len(photos)) as advance:
        found = invert_pictures(generator, request, advance, note_of_first)
    if as_json:
        console.print_json(_json(generator, request, found))
    else:
        _print(request, found)


def _class(text: str | None, generator: Generator) -> list[int] | None:
    from hitzoo.errors import RequestError
    from hitzoo.sampling.classes import chosen_classes, parse_classes

    if text is None:
        return None
    found = chosen_classes(parse_classes(text), generator.plan)
    if len(found) != 1:
        raise RequestError(f"--class {text}: give one, or none to let the nearest candidates choose")
    return found


def _json(generator: Generator, request: InversionRequest, found: list[Inverted]) -> dict[str, object]:
    from hitzoo.inversion.record import numbers_of

    return {
        "model": generator.name,
        "weights": generator.weights,
        "space": request.space,
        "latents": str(request.out),
        "picture": str(request.picture),
        "progress": None if request.progress is None else str(request.progress),
        "found": numbers_of(request, found),
    }


def _print(request: InversionRequest, found: list[Inverted]) -> None:
    from hitzoo.cli import console

    rows = [
        [str(photo), f"{one.psnr:.1f} dB", f"{one.distance:.4f}", f"{one.radius:.2f}"]
        for photo, one in zip(request.photos, found, strict=True)
    ]
    console.print_table(["picture", "PSNR", "distance", "radius"], [rows], words={0})
    files = [str(path) for path in (request.out, request.picture, request.progress) if path is not None]
    console.print_line(f"{console.count(len(found), 'latent')}: {'  '.join(files)}")
