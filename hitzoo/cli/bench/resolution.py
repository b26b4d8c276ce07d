"""`hitzoo bench resolution`: growth of the time per image with its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.bench.options import OnePrecisionOption, PathOption, RepeatsOption, wanted
from hitzoo.cli.completion import complete_spec
from hitzoo.cli.options import DeviceOption, JsonOption, SetOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.bench.resolution import Scaling


def bench_resolution(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC", help="A spec file, or the name of a shipped spec.", autocompletion=complete_spec
        ),
    ] = "hit-b-ffhq1024",
    smallest: Annotated[int, typer.Option(metavar="R", min=1, help="Side of the smallest image in pixels.")] = 64,
    batch: Annotated[int, typer.Option(metavar="N", min=1, help="Images per call.")] = 1,
    repeats: RepeatsOption = 5,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    precision: OnePrecisionOption = "float32",
    path: PathOption = None,
    as_json: JsonOption = False,
    overrides: SetOption = [],  # noqa: B006
) -> None:
    """Measure how the time per image grows with its pixels: one generator, truncated after each of its stages.

    hit-b-ffhq1024 gives HiT-B at 64, 128, 256 (the same layout as hit-b-ffhq256), 512 and 1024. The exponent e of time
    ∝ pixels^e is fitted over all sizes by least squares of the logarithms, and reported for the last doubling too; the
    paper calls the cost nearly linear.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.bench.machine import machine
    from hitzoo.families.open import open_spec

    loaded, _ = open_spec(spec, overrides)
    from hitzoo.bench.resolution import bench_resolutions, truncated_plans
    from hitzoo.bench.variants import DEFAULT_VARIANTS, VARIANTS
    from hitzoo.runtime.device import choose_device
    from hitzoo.runtime.precision import PRECISIONS, known_precision

    place = choose_device(device)
    variants = wanted("--path", path, VARIANTS, DEFAULT_VARIANTS)
    precisions = (known_precision(precision, PRECISIONS),)
    plans = truncated_plans(loaded, smallest)
    with progress.progress_bar("calls") as follow:
        scaling = bench_resolutions(
            plans,
            variants=variants,
            precisions=precisions,
            batch=batch,
            repeats=repeats,
            device=place,
            progress=follow,
        )
    report = {"model": loaded.name, "device": str(place), **machine(place), **scaling.to_json()}
    if as_json:
        console.print_json(report)
    else:
        _print(report, scaling)


def _print(report: dict[str, Any], scaling: Scaling) -> None:
    from hitzoo.cli import console
    from hitzoo.cli.bench.machine import on_machine

    columns = ("resolution", "path", "precision", "FLOPs", "ms per image", "memory per call")
    rows = [
        [
            str(run["resolution"]),
            run["path"],
            run["precision"],
            console.flops(run["flops"]),
            f"{run['milliseconds_per_image']:.4g}",
            console.size(run["peak_bytes"]),
        ]
        for run in report["runs"]
    ]
    console.print_table(columns, [rows], words=(1, 2))
    for growth in scaling.growths:
        console.print_line(
            f"{growth.variant} {growth.precision}: time ∝ pixels^{growth.exponent:.2f}, at the end"
            f" ^{growth.exponent_at_the_end:.2f}"
        )
    console.print_line(f"FLOPs ∝ pixels^{scaling.flops_exponent:.2f}")
    first = scaling.timings[0]
    console.print_line(
        f"{report['model']}, batch {first.call.batch}, {console.count(len(first.seconds), 'turn')},"
        f" {on_machine(report)}"
    )
