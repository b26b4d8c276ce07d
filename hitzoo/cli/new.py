"""`hitzoo new`: a spec of one's own, copied from a shipped one or made for a set of images."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from hitzoo.cli.completion import complete_device, complete_recipe, complete_spec
from hitzoo.cli.options import ForceOption

_DEFAULT = "hit-ti-64"


def new(
    path: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The file to write.", show_default=False)],
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Spec to copy: a name, a file, a run or a model folder. Default hit-ti-64.",
            show_default=False,
            autocompletion=complete_spec,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Write a spec for these pictures instead: a folder, zip or TFRecords, or hf:ORG/NAME.",
            show_default=False,
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        typer.Option(
            metavar="R", help="With --data: side of the images in pixels. Default: by their sizes.", show_default=False
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="DEVICE", help="With --data: device it will be trained on.", autocompletion=complete_device
        ),
    ] = "auto",
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Train by this recipe: official (the HiT paper's), r3gan, or small-data (for a thousand pictures; on"
            " frozen features, needs hitzoo[features]). Default: that of the copied spec.",
            show_default=False,
            autocompletion=complete_recipe,
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Start a spec of your own: a copy of another, or one that suits your images and this machine.

    With --data, resolution, batch, steps and regularization follow from images and memory; comments say why.
    """
    from hitzoo.cli import console
    from hitzoo.cli.pictures_spec import text_for
    from hitzoo.errors import RequestError
    from hitzoo.spec.write import name_of_spec, with_schema_line
    from hitzoo.targets import put_text

    if data is not None and origin is not None:
        raise RequestError("give --from or --data, not both: a copy of a spec, or one made for images")
    if data is None and resolution is not None:
        raise RequestError("--resolution goes with --data; in a copy, the generator's stages say the resolution")
    if data is None:
        text = _copy(path, origin or _DEFAULT)
    else:
        text = with_schema_line(text_for(data, name_of_spec(path), resolution, device))
    if recipe is not None:
        text = _by_recipe(text, recipe, str(path))
    put_text(path, text, force=force)
    word = quote(str(path))
    if data is None:
        console.print_line(f"wrote {path}; edit it, then: hitzoo check {word}, hitzoo build {word}")
        return
    console.print_line(f"wrote {path}: its comments explain each value")
    console.print_line(f"how long it takes: hitzoo estimate {word}")
    console.print_line(f"train it: hitzoo train {word} --out runs/{path.stem}")


def _by_recipe(text: str, recipe: str, source: str) -> str:
    from hitzoo.families.compile import compile_generator
    from hitzoo.families.load import parse_spec
    from hitzoo.spec.recipes import Setting, with_recipe

    spec = parse_spec(text, source)
    images = spec.training.steps * spec.training.batch_size  # recipes update both networks at once
    plan = compile_generator(spec)
    setting = Setting(side=plan.resolution, images=images, normed=plan.generator.normed is not None)
    return with_recipe(text, recipe, setting)


def _copy(path: Path, origin: str) -> str:
    from hitzoo.families.load import parse_spec
    from hitzoo.spec.shipped import find_spec
    from hitzoo.spec.text import read_spec_text
    from hitzoo.spec.write import renamed_copy

    source = find_spec(origin)
    spec = parse_spec(read_spec_text(source), str(source))
    return renamed_copy(read_spec_text(source), spec.name, path, given=origin)
