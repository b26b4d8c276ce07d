"""`hitzoo convert`: models of the official code to hitzoo's format, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.options import ForceOption


def convert(
    source: Annotated[
        str,
        typer.Argument(
            metavar="HIT_GAN", help="With --from: a checkpoint or .npz. With --to: a model.", show_default=False
        ),
    ],
    target: Annotated[
        Path | None, typer.Argument(metavar="[OUT.npz]", help="With --to: the file to write.", show_default=False)
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--from", metavar="hit-gan", help="Convert to hitzoo's format.", show_default=False)
    ] = None,
    destination: Annotated[
        str | None, typer.Option("--to", metavar="hit-gan", help="Convert from hitzoo's format.", show_default=False)
    ] = None,
    spec: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --from: spec of the model.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --from: model folder to write.", show_default=False)
    ] = None,
    which: Annotated[
        str | None,
        typer.Option(
            metavar="ema|generator",
            help="Generator to convert. Default: the moving average, if there is one.",
            show_default=False,
        ),
    ] = None,
    with_discriminator: Annotated[
        bool, typer.Option("--with-discriminator", help="Convert the discriminator too.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Convert models of google-research/hit-gan (TensorFlow) to hitzoo's format, or back to an .npz of variables.

    Reading a checkpoint needs TensorFlow (the extra tf); an .npz of its variables does not. Every unused variable is
    listed. Kinds of attention and block sizes have no variables: the spec decides them.
    """
    from hitzoo.errors import RequestError

    if (origin is None) == (destination is None):
        raise RequestError("give --from hit-gan or --to hit-gan")
    if origin is not None:
        _refuse({"OUT.npz": target}, "--from")
        _check_known(origin)
        _from(source, spec, out, which, with_discriminator, force)
    else:
        _refuse({"--spec": spec, "--out": out, "--which": which, "--with-discriminator": with_discriminator}, "--to")
        _check_known(str(destination))
        _to(source, target, force)


def _refuse(given: dict[str, object], direction: str) -> None:
    """Refuse arguments of the other direction instead of ignoring them."""
    from hitzoo.errors import RequestError

    for name, value in given.items():
        if value:
            raise RequestError(f"{name} cannot be used with {direction}")


def _check_known(name: str) -> None:
    from hitzoo.errors import RequestError
    from hitzoo.families.official import HIT_GAN

    if name != HIT_GAN:
        raise RequestError(f"'{name}' is not known; possible: {HIT_GAN}")


def _from(
    source: str, spec: str | None, out: Path | None, which: str | None, with_discriminator: bool, force: bool
) -> None:
    from hitzoo.cli import console
    from hitzoo.errors import RequestError
    from hitzoo.families.open import open_spec
    from hitzoo.targets import check_folder
    from hitzoo.zoo.convert import CONVERTED_FILES, from_hit_gan, write_converted
    from hitzoo.zoo.hit_gan_source import AVERAGE, LIVE, read_variables

    if spec is None or out is None:
        raise RequestError("--from needs --spec NAME and --out DIR")
    roots = {None: None, "ema": AVERAGE, "generator": LIVE}
    if which not in roots:
        raise RequestError(f"--which {which}: ema or generator")
    check_folder(out, CONVERTED_FILES, force=force)
    loaded, plan = open_spec(spec)
    done = from_hit_gan(read_variables(Path(source)), plan, which=roots[which], with_discriminator=with_discriminator)
    write_converted(out, loaded, plan, done, force=force)
    console.print_line(f"{done.used} variables used, the generator from {done.which}")
    for name in done.left_out:
        console.print_line(f"left out: {name}")
    console.print_line(f"wrote {out}: hitzoo sample --model {out}")


def _to(source: str, target: Path | None, force: bool) -> None:
    from hitzoo.cli import console
    from hitzoo.errors import RequestError
    from hitzoo.hub.locate import locate
    from hitzoo.targets import is_taken
    from hitzoo.zoo.convert import to_hit_gan, write_npz

    if target is None:
        raise RequestError("--to needs the file to write: hitzoo convert --to hit-gan DIR out.npz")
    is_taken(target)  # report a folder of that name at once
    arrays = to_hit_gan(locate(source))
    write_npz(target, arrays, force=force)
    console.print_line(f"wrote {len(arrays)} variables to {target}")
