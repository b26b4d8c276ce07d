"""`hitzoo convert`: models of the official code to hitzoo's format, and back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.options import ForceOption

if TYPE_CHECKING:
    from hitzoo.plan.model import ModelPlan
    from hitzoo.spec.types import Spec
    from hitzoo.zoo.convert import Converted


def convert(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="With --from: a checkpoint or .npz. With --to: a model.", show_default=False
        ),
    ],
    target: Annotated[
        Path | None, typer.Argument(metavar="[OUT]", help="With --to: the file to write.", show_default=False)
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="hit-gan|transgan|cips|…", help="Convert to hitzoo's format.", show_default=False
        ),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option("--to", metavar="hit-gan|transgan", help="Convert from hitzoo's format.", show_default=False),
    ] = None,
    spec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --from: spec of the model; all but hit-gan's are known by their shapes.",
            show_default=False,
        ),
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
    """Convert models of other code to hitzoo's format, or back; every unused variable is listed.

    hit-gan: google-research/hit-gan (TensorFlow), a checkpoint or an .npz of its variables; reading a checkpoint needs
    TensorFlow (the extra tf). Kinds of attention and block sizes have no variables: the spec decides them.
    PyTorch code: transgan (VITA-Group/TransGAN), cips, inr-gan, r3gan, stylegan2, …; a name that is not known lists
    all. It comes as a checkpoint ({g_ema: …}, …), a state dict, safetensors or .npz; of a checkpoint nothing but
    tensors is read.
    """
    from hitzoo.errors import RequestError

    if (origin is None) == (destination is None):
        raise RequestError(f"give --from with one of {_known('from')}; or --to with one of {_known('to')}")
    if origin is not None:
        _refuse({"OUT": target}, "--from")
        _check_known(origin, "from")
        _from(origin, source, spec, out, which, with_discriminator, force)
    else:
        _refuse({"--spec": spec, "--out": out, "--which": which, "--with-discriminator": with_discriminator}, "--to")
        _check_known(str(destination), "to")
        _to(str(destination), source, target, force)


def _refuse(given: dict[str, object], direction: str) -> None:
    """Refuse arguments of the other direction instead of ignoring them."""
    from hitzoo.errors import RequestError

    for name, value in given.items():
        if value:
            raise RequestError(f"{name} cannot be used with {direction}")


def _known(direction: str) -> str:
    """The code that models convert from, or to."""
    from hitzoo.families.official import CODES, HIT_GAN
    from hitzoo.families.transgan.official import TRANSGAN

    return ", ".join((HIT_GAN, TRANSGAN, *(CODES if direction == "from" else ())))


def _check_known(name: str, direction: str) -> None:
    from hitzoo.errors import RequestError

    if name not in (known := _known(direction)).split(", "):
        raise RequestError(f"--{direction} '{name}' is not known; possible: {known}")


def _from(
    origin: str,
    source: str,
    spec: str | None,
    out: Path | None,
    which: str | None,
    with_discriminator: bool,
    force: bool,
) -> None:
    from hitzoo.cli import console
    from hitzoo.errors import RequestError
    from hitzoo.families.official import HIT_GAN
    from hitzoo.families.transgan.official import TRANSGAN
    from hitzoo.targets import check_folder
    from hitzoo.zoo.convert import CONVERTED_FILES, write_converted
    from hitzoo.zoo.state_dict_source import BARE

    if out is None or (spec is None and origin == HIT_GAN):
        raise RequestError("--from needs " + ("--spec NAME and " if origin == HIT_GAN else "") + "--out DIR")
    if which not in (None, "ema", "generator"):
        raise RequestError(f"--which {which}: ema or generator")
    check_folder(out, CONVERTED_FILES, force=force)
    read = {HIT_GAN: _read_hit_gan, TRANSGAN: _read_transgan}.get(origin) or partial(_read_state_dicts, origin)
    loaded, plan, done, said = read(Path(source), spec, which, with_discriminator)
    write_converted(out, loaded, plan, done, origin=said, force=force)
    taken = "the file's state dict" if done.which == BARE else done.which
    console.print_line(f"{done.used} variables used, the generator from {taken}")
    for name in done.left_out:
        console.print_line(f"left out: {name}")
    if said and "terms" in said:
        console.print_line(f"note: {said['terms']}")
    console.print_line(f"wrote {out}: hitzoo sample --model {out}")


def _read_hit_gan(
    source: Path, spec: str | None, which: str | None, with_discriminator: bool
) -> tuple[Spec, ModelPlan, Converted, None]:
    from hitzoo.families.open import open_spec
    from hitzoo.zoo.convert import from_hit_gan
    from hitzoo.zoo.hit_gan_source import AVERAGE, LIVE, read_variables

    roots = {None: None, "ema": AVERAGE, "generator": LIVE}
    loaded, plan = open_spec(str(spec))
    done = from_hit_gan(read_variables(source), plan, which=roots[which], with_discriminator=with_discriminator)
    return loaded, plan, done, None


def _read_transgan(
    source: Path, spec: str | None, which: str | None, with_discriminator: bool
) -> tuple[Spec, ModelPlan, Converted, dict[str, str | bool]]:
    from hitzoo.families.open import open_spec
    from hitzoo.zoo.convert_transgan import from_transgan, origin_of, recognise
    from hitzoo.zoo.state_dict_source import AVERAGE, LIVE, read_state_dicts

    parts = {None: None, "ema": AVERAGE, "generator": LIVE}
    checkpoint = read_state_dicts(source)
    loaded, plan = open_spec(spec or recognise(checkpoint))
    done = from_transgan(checkpoint, plan, which=parts[which], with_discriminator=with_discriminator)
    return loaded, plan, done, origin_of(checkpoint, done)


def _read_state_dicts(
    origin: str, source: Path, spec: str | None, which: str | None, with_discriminator: bool
) -> tuple[Spec, ModelPlan, Converted, dict[str, str]]:
    from hitzoo.cli import console
    from hitzoo.families.open import open_spec
    from hitzoo.zoo.convert_state_dict import dialect_of, from_state_dicts, origin_of, recognise
    from hitzoo.zoo.discriminator_form import in_form_of
    from hitzoo.zoo.state_dict_source import AVERAGE, LIVE, read_state_dicts

    parts = {None: None, "ema": AVERAGE, "generator": LIVE}
    found = read_state_dicts(source)
    names = [spec] if spec else recognise(found, origin, source.name)
    loaded, plan = open_spec(names[0])
    if len(names) > 1:
        console.print_line(
            f"note: {', '.join(names)} have this network; {names[0]} is taken unless --spec says another"
        )
    code = dialect_of(found, plan, origin)
    if with_discriminator:
        loaded, plan, form = in_form_of(found, loaded, plan, code)
        if form:
            console.print_line(f"note: the file's discriminator has {form}, and so has the model's spec")
    done = from_state_dicts(found, plan, code, which=parts[which], with_discriminator=with_discriminator)
    return loaded, plan, done, origin_of(code, done)


def _to(destination: str, source: str, target: Path | None, force: bool) -> None:
    from hitzoo.cli import console
    from hitzoo.errors import RequestError
    from hitzoo.families.official import HIT_GAN
    from hitzoo.hub.locate import locate
    from hitzoo.targets import is_taken

    if target is None:
        name = "out.npz" if destination == HIT_GAN else "out.pth"
        raise RequestError(f"--to needs the file to write: hitzoo convert --to {destination} DIR {name}")
    is_taken(target)  # report a folder of that name at once
    model = locate(source)
    if destination == HIT_GAN:
        from hitzoo.zoo.convert import to_hit_gan, write_npz

        arrays = to_hit_gan(model)
        write_npz(target, arrays, force=force)
        count = len(arrays)
    else:
        from hitzoo.zoo.convert_transgan import is_published, to_transgan
        from hitzoo.zoo.transgan_source import write_checkpoint

        parts, form = to_transgan(model)
        write_checkpoint(target, parts, **form, force=force)
        count = sum(map(len, parts.values()))
        if not is_published(parts):
            console.print_line("note: no configuration of the published code has these shapes")
    console.print_line(f"wrote {count} variables to {target}")
