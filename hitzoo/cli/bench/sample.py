"""`hitzoo bench sample`: images per second of the plain and the optimized network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.bench.options import ModelArgument, PathOption, PrecisionOption, RepeatsOption, plan_named, wanted
from hitzoo.cli.options import DeviceOption, JsonOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.bench.sampling import SamplingRun


def bench_sample(
    model: ModelArgument,
    batch: Annotated[
        list[int],
        typer.Option(
            metavar="N", min=1, help="Images per call. Default: 4, 16 on CUDA. Can be repeated.", show_default=False
        ),
    ] = [],  # noqa: B006
    repeats: RepeatsOption = 7,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    precision: PrecisionOption = None,
    path: PathOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how fast a generator makes images here: the plain network against the optimized one.

    plain runs the reference module as a plain PyTorch port does: eager, without hitzoo's oneDNN linear layers, with the
    C allocator's defaults (on a CPU in its own process); in bfloat16 it is module.to(bfloat16). optimized is hitzoo's
    inference network, with freed memory kept by the process. --path compiled runs that network by torch.compile instead
    of hitzoo's own kernels.

    Calls of all kinds are interleaved, after two warm-up calls of each. "share of bound" is the time that the device's
    measured copy bandwidth and matrix rate allow (see hitzoo bench roofline), divided by the measured median. Memory is
    the peak of a call besides weights.
    """
    from hitzoo.bench.sampling import bench_sampling, default_batch
    from hitzoo.bench.variants import DEFAULT_VARIANTS, VARIANTS
    from hitzoo.cli import console, progress
    from hitzoo.cli.bench.machine import machine
    from hitzoo.runtime.device import choose_device
    from hitzoo.runtime.precision import PRECISIONS, known_precision

    place = choose_device(device)
    variants = wanted("--path", path, VARIANTS, DEFAULT_VARIANTS)
    precisions = tuple(PRECISIONS) if precision is None else (known_precision(precision, PRECISIONS),)
    plan = plan_named(model)
    with progress.progress_bar("calls") as follow:
        runs, ceilings = bench_sampling(
            plan,
            variants=variants,
            precisions=precisions,
            batches=batch or [default_batch(place)],
            repeats=repeats,
            device=place,
            progress=follow,
        )
    report = {
        "model": plan.name,
        "device": str(place),
        **machine(place),
        "runs": [run.to_json() for run in runs],
        "ceilings": ceilings.to_json(),
    }
    if as_json:
        console.print_json(report)
    else:
        _print(report, runs)


def _print(report: dict[str, Any], runs: list[SamplingRun]) -> None:
    from hitzoo.cli import console
    from hitzoo.cli.bench.machine import ceilings_line, on_machine

    first = runs[0].timed.call
    columns = (
        "path", "precision", "batch", "images/s", "ms per call (quartiles)", f"times {first.variant} {first.precision}",
        "memory", "share of bound",
    )  # fmt: skip
    console.print_table(columns, [[_row(run) for run in runs]], words=(0, 1))
    console.print_line(f"{report['model']}, {console.count(len(runs[0].timed.seconds), 'round')}, {on_machine(report)}")
    console.print_line(ceilings_line(report["ceilings"]))


def _row(run: SamplingRun) -> list[str]:
    from hitzoo.cli import console

    facts = run.to_json()
    latency, low, high = (_plain(value) for value in (facts["latency_ms"], *facts["latency_ms_quartiles"]))
    return [
        facts["path"],
        facts["precision"],
        str(facts["batch"]),
        _plain(facts["images_per_second"]),
        f"{latency} ({low}–{high})",
        f"{run.speedup:.2f} ({run.speedup_quartiles[0]:.2f}–{run.speedup_quartiles[1]:.2f})",
        console.size(facts["peak_bytes"]),
        "" if run.share_of_bound is None else f"{run.share_of_bound:.0%}",
    ]


def _plain(value: float) -> str:
    """Format with three significant digits, or all digits before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
