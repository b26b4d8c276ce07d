"""`hitzoo bench train`: gain of each setting of a training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.options import DeviceOption, JsonOption, SetOption, SpecArgument
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.bench.training import NotTimed, Timing


def bench_train(
    spec: SpecArgument,
    batch: Annotated[int, typer.Option(metavar="N", min=1, help="Images per step.")] = 4,
    repeats: Annotated[int, typer.Option(metavar="N", min=1, help="Rounds; each takes one step of every setting.")] = 7,
    settings: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…",
            help="Settings to measure. Default: all that need no compiler; add compile, compile-bf16; on CUDA tf32,"
            " deterministic.",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006
) -> None:
    """Measure the gain of each optimisation of the training step on this machine, for a spec's recipe.

    Steps of all settings are interleaved, so that a busy machine slows all of them alike; no images are read.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.bench.machine import machine
    from hitzoo.families.open import open_spec

    loaded, plan = open_spec(spec, overrides)
    from hitzoo.bench.training import bench_training
    from hitzoo.bench.training_settings import ON_CPU
    from hitzoo.runtime.device import choose_device

    place = choose_device(device)
    names = [name for name in settings.split(",") if name] if settings else ON_CPU
    with progress.progress_bar("steps") as follow:
        timings = bench_training(
            loaded, plan, settings=names, batch=batch, repeats=repeats, device=place, progress=follow
        )
    report = {
        "model": plan.name,
        "device": str(place),
        **machine(place),
        "runs": [timing.to_json() for timing in timings],
    }
    if as_json:
        console.print_json(report)
    else:
        _print(plan.name, report, timings)


def _base(timed: list[Timing]) -> str:
    return "plain" if any(timing.name == "plain" for timing in timed) else timed[0].name


def _print(model: str, report: dict[str, Any], timings: list[Timing | NotTimed]) -> None:
    from hitzoo.bench.training import NotTimed, Timing
    from hitzoo.cli import console
    from hitzoo.cli.bench.machine import on_machine

    timed = [timing for timing in timings if isinstance(timing, Timing)]
    columns = ("setting", "seconds per step", "images/s", f"times {_base(timed)}", "quartiles", "peak", "what it is")
    rows = [
        [
            timing.name,
            f"{timing.median:.3f}",
            f"{timing.batch / timing.median:.2f}",
            f"{timing.speedup:.2f}",
            f"{timing.quartiles[0]:.2f}–{timing.quartiles[1]:.2f}",
            console.size(timing.peak_bytes) if timing.peak_bytes else "",
            timing.about,
        ]
        for timing in timed
    ]
    console.print_table(columns, [rows], words=(0, 6))
    for one in timings:
        if isinstance(one, NotTimed):
            console.print_line(f"{one.name}: {one.reason} at batch {one.batch} ({one.about})")
    first = timed[0]
    console.print_line(
        f"{model}, batch {first.batch}, {len(first.seconds)} rounds, {on_machine(report)}; the recipe is"
        f" {console.flops(first.batch * first.flops)} per step"
    )
