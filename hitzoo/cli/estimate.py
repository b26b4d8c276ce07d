"""`hitzoo estimate`: time, memory and disk of a run, before it starts."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.completion import complete_training_precision
from hitzoo.cli.options import DeviceOption, JsonOption, SetOption, SpecArgument
from hitzoo.cli.shortcuts import BatchSizeOption, StepsOption, with_shortcuts
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.training.estimate import Estimate

_BUSY = 0.9  # runnable processes per core


def estimate(
    spec: SpecArgument,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Images to train on; the time to read them counts. Default: the spec's.",
            show_default=False,
        ),
    ] = None,
    steps: StepsOption = None,
    batch_size: BatchSizeOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    precision: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Compute in float32, tf32 (CUDA) or bf16, as in train.",
            autocompletion=complete_training_precision,
        ),
    ] = "float32",
    batch_per_device: Annotated[
        str | None,
        typer.Option(metavar="N|auto", help="Images per device and forward pass, as in train.", show_default=False),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option("--seconds", metavar="S", min=0, help="Seconds to spend on timing steps: more is more accurate."),
    ] = 20,
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006
) -> None:
    """Estimate time, memory and disk of a training run from a few of its own steps on this machine.

    Nothing is written. If a whole batch takes too long, smaller ones are timed and scaled up.
    """
    from hitzoo.cli import console, progress
    from hitzoo.families.open import open_spec

    overrides = with_shortcuts(overrides, steps=steps, batch_size=batch_size, learning_rate=None)
    loaded, plan = open_spec(spec, overrides)
    with progress.status_spinner("loading torch") as tell:
        from pathlib import Path

        from hitzoo.training.estimate import estimate as reckon
        from hitzoo.training.run.options import RunOptions, parse_batch_per_device, parse_precision

        options = RunOptions(
            out=Path("runs"),
            data=data,
            device=device,
            precision=parse_precision(precision),
            batch_per_device=parse_batch_per_device(batch_per_device),
        )
        found = reckon(loaded, plan, options, budget=seconds, progress=lambda what: tell(f"timing {what}"))
    if as_json:
        console.print_json(found.to_json())
    else:
        _print(found, spec, data)


def _print(found: Estimate, spec: str, data: str | None) -> None:
    from hitzoo.cli import console
    from hitzoo.cli.pace import about, clock

    images = f" from {found.images:,} images of {data or 'its own data'}" if found.images is not None else ""
    console.print_line(
        f"{found.name} on {found.device}: {console.count(found.steps, 'step')} of"
        f" {console.count(found.images_per_step, 'image')}{images}"
    )
    for label, words in (
        ("step", _step(found)),
        ("time", f"about {about(found.seconds)}; begun now, until {clock(found.seconds)}{_between(found)}"),
        ("memory", _memory(found)),
        ("disk", f"up to {console.size(found.disk)}: checkpoints of {console.size(found.checkpoint)}, and the grids"),
    ):
        console.print_line(f"  {label:<8}{words}")
    for note in _notes(found):
        console.print_paragraph(f"note: {note}")
    given = f" --data {quote(data)}" if data else ""
    console.print_line(f"start: hitzoo train {quote(spec)}{given} --out runs/{found.name}")


def _step(found: Estimate) -> str:
    from hitzoo.cli.number_format import figures

    reading = f", {figures(found.reading_per_step)} s to read its images" if found.reading_per_step is not None else ""
    least, most = figures(min(found.timed)), figures(max(found.timed))
    timed = (
        f"{len(found.timed)} of {found.timed_images} took {least} to {most} s"
        if len(found.timed) > 1
        else (f"one of {found.timed_images} took {least} s")
    )
    return f"{figures(found.seconds_per_step)} s ({timed}){reading}"


def _between(found: Estimate) -> str:
    from hitzoo.cli.pace import about

    if not found.evaluating:
        return ""
    return f", {about(found.evaluating)} of it sampling for evaluations, whose features come on top"


def _memory(found: Estimate) -> str:
    from hitzoo.cli import console

    pieces = f", {found.at_once} images at once" if found.at_once != found.batch_size else ""
    return f"about {console.size(found.memory)} of {console.size(found.memory_free)}{pieces}"


def _notes(found: Estimate) -> list[str]:
    notes = []
    if not found.fits:
        notes.append(
            "this does not fit; --batch-per-device auto finds micro-batches that do, and a smaller"
            " --batch-size or training.activation_checkpointing: all takes less"
        )
    if found.timed_images < found.at_once:
        notes.append(
            f"no step of {found.at_once} images was made: the time is extrapolated from those of {found.timed_images};"
            " --seconds 120 looks longer"
        )
    if found.load is not None and found.load > _BUSY:
        notes.append(f"the machine is busy ({found.load:.1f} runnable processes per core): alone it is faster")
    if found.images is None:
        notes.append("no images were read: --data PATH counts the time that takes")
    return notes
