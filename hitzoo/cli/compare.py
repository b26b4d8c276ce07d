"""`hitzoo compare`: networks side by side, measured in one interleaved run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.bench.options import OnePrecisionOption, wanted
from hitzoo.cli.completion import complete_spec_or_run
from hitzoo.cli.options import DeviceOption, ForceOption, JsonOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitzoo.bench.contender import Contender


def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Spec files or names, model folders, runs, or ORG/NAME[@REVISION] on the Hub. Random weights are used:"
            " the time does not depend on them.",
            show_default=False,
            autocompletion=complete_spec_or_run,
        ),
    ],
    train: Annotated[
        bool, typer.Option("--train", help="Measure a step of each recipe too: its time and memory per image.")
    ] = False,
    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Images per call and per step. Default: 4, 16 on CUDA.", show_default=False
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="Rounds at most; each makes every call once, by turns.")
    ] = 9,
    seconds: Annotated[
        float,
        typer.Option(metavar="S", min=0, help="Begin no round that would end later than this; there is one at least."),
    ] = 150,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    precision: OnePrecisionOption = "float32",
    path: Annotated[
        str,
        typer.Option(metavar="plain|optimized|compiled", help="The network that makes images, as in bench sample."),
    ] = "optimized",
    metric: Annotated[str, typer.Option(metavar="NAME", help="The number that quality is told by: fid, is, kid, …")] = (
        "fid"
    ),
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Write what --json prints to this file, after every round.", show_default=False
        ),
    ] = None,
    plot: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE.png|.svg|.pdf",
            help="Draw quality against images per second and against parameters; needs hitzoo[plot]. Can be repeated.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare networks: size, speed, memory and known quality, side by side, measured on this machine.

    Calls of all networks are interleaved, so that a busy machine slows all of them alike; ratios are to the first
    network, round by round, as a median with quartiles. Memory is the peak of a call besides weights. "paper" numbers
    are those of the zoo's records, "own" numbers were measured with a model's very weights (`hitzoo eval`).

    A network that cannot run is told of, and the others go on. Ctrl-C ends the measurement and prints what is there.
    """
    from hitzoo.bench.sampling import default_batch
    from hitzoo.bench.variants import VARIANTS
    from hitzoo.cli import progress
    from hitzoo.cli.bench.machine import machine
    from hitzoo.runtime.device import choose_device
    from hitzoo.runtime.precision import PRECISIONS, known_precision

    place = choose_device(device)
    (variant,) = wanted("--path", path, VARIANTS)
    precision, metric = known_precision(precision, PRECISIONS), metric.lower()
    contenders = [_contender(model) for model in models]
    _check_files(out, plot, contenders, metric, force=force)
    from hitzoo.bench.comparison import Comparison
    from hitzoo.errors import HitzooError

    comparison = Comparison(
        contenders,
        device=place,
        batch=batch or default_batch(place),
        variant=variant,
        precision=precision,
        trains=train,
    )

    def report(*, interrupted: bool) -> dict[str, Any]:
        about = {"device": str(place), **machine(place), "metric": metric, "interrupted": interrupted}
        return about | comparison.to_json()

    try:
        with progress.progress_bar("measuring") as follow:
            comparison.run(
                repeats=repeats,
                seconds=seconds,
                after_round=lambda: _store(report(interrupted=True), out),
                progress=follow,
            )
    except (KeyboardInterrupt, SystemExit, HitzooError):
        _tell(report(interrupted=True), out, plot, as_json=as_json)
        raise
    _tell(report(interrupted=False), out, plot, as_json=as_json)


def _contender(model: str) -> Contender:
    from hitzoo.bench.contender import Contender
    from hitzoo.cli import progress
    from hitzoo.hub.plan_of import networks_of
    from hitzoo.hub.quality import quality_of

    with progress.transfer_bar("weights") as follow:
        spec, plan, found = networks_of(model, progress=follow)
    return Contender(name=model, spec=spec, plan=plan, quality=quality_of(model, plan, found))


def _check_files(
    out: Path | None, plots: Sequence[Path], contenders: Sequence[Contender], metric: str, *, force: bool
) -> None:
    """Say before any work what could not be written or drawn after it."""
    from hitzoo.bench.quality_plot import check_plot
    from hitzoo.cli.compare_table import SPEED, without_metric
    from hitzoo.errors import RequestError
    from hitzoo.targets import check_writable, existing, is_taken

    for path in plots:
        check_plot(path)
    known = {number.metric for one in contenders for number in (*one.quality.published, *one.quality.measured)} - {
        SPEED
    }
    if plots and metric not in known:
        raise RequestError(f"--plot {plots[0]}: {without_metric(metric, known)}")
    for path in [*([out] if out is not None else []), *plots]:
        if is_taken(path) and not force:
            raise existing(path)
        check_writable(path)


def _tell(report: dict[str, Any], out: Path | None, plots: Sequence[Path], *, as_json: bool) -> None:
    """Print a report, then write it: what cannot be written is seen at least.

    Raises:
        RunError: it is whole, and none of its networks could be measured.
    """
    from hitzoo.cli import console
    from hitzoo.cli.compare_table import print_comparison
    from hitzoo.errors import RunError

    if as_json:
        console.print_json(report)
    else:
        print_comparison(report)
    _store(report, out)
    for path in plots:
        _draw(report, path)
    for path in [] if as_json else [*([out] if out is not None else []), *plots]:
        console.print_line(f"wrote {path}")
    if not report["interrupted"] and not any("sampling" in model or "latency" in model for model in report["models"]):
        raise RunError("none of these networks makes images here; above are the reasons")


def _store(report: Mapping[str, Any], out: Path | None) -> None:
    import json

    from hitzoo.files import write_text

    if out is not None:
        write_text(out, json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def _draw(report: Mapping[str, Any], path: Path) -> None:
    from hitzoo.bench.quality_plot import draw
    from hitzoo.files import atomic_file

    with atomic_file(path) as temporary:
        draw(report, path, temporary)
