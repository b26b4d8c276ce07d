"""`hitzoo bench roofline`: upper bound on a generator's speed on this device, and the limit of each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.bench.options import ModelArgument, OnePrecisionOption, plan_named
from hitzoo.cli.options import DeviceOption, JsonOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    import torch

    from hitzoo.bench.ceilings import Ceilings
    from hitzoo.bench.roofline import StageBound
    from hitzoo.plan.model import ModelPlan


def bench_roofline(
    model: ModelArgument,
    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Images per forward pass. Default: 4 (16 on CUDA).",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    precision: OnePrecisionOption = "float32",
    as_json: JsonOption = False,
) -> None:
    """Measure what limits each stage of a generator on this device, and how fast all of them could be.

    Copy bandwidth and matrix rate are measured first. A stage takes the longer of its FLOPs at that rate and its bytes
    at that bandwidth; the bytes depend on what is fused, so the total is given for four byte models. No network runs.
    """
    from hitzoo.bench.ceilings import measure_ceilings
    from hitzoo.bench.sampling import default_batch
    from hitzoo.cli import console, progress
    from hitzoo.cli.bench.machine import machine
    from hitzoo.runtime.device import choose_device
    from hitzoo.runtime.precision import PRECISIONS, known_precision

    place = choose_device(device)
    precision = known_precision(precision, PRECISIONS)
    plan = plan_named(model)
    with progress.spinner("measuring the device"):
        ceilings = measure_ceilings(place)
    report = _report(plan, ceilings, place, precision, batch or default_batch(place))
    report = {"model": plan.name, "device": str(place), **machine(place), **report}
    if as_json:
        console.print_json(report)
    else:
        _print(report)


def _report(plan: ModelPlan, ceilings: Ceilings, device: torch.device, precision: str, batch: int) -> dict[str, Any]:
    from hitzoo.bench.roofline import BOUND_MODEL, bounds
    from hitzoo.plan.traffic import BYTE_MODELS

    by_model = {
        model: bounds(plan.generator, ceilings, precision=precision, batch=batch, model=model) for model in BYTE_MODELS
    }
    total = sum(stage.seconds for stage in by_model[BOUND_MODEL])
    return {
        "precision": precision,
        "batch": batch,
        "ceilings": ceilings.to_json(),
        "byte_model": BOUND_MODEL,
        "stages": [_stage(stage, total) for stage in by_model[BOUND_MODEL]],
        "bounds": [_bound(model, stages) for model, stages in by_model.items()],
    }


def _stage(stage: StageBound, total: float) -> dict[str, Any]:
    """Format one row; bytes and seconds are per image."""
    return {
        "name": stage.name,
        "resolution": stage.resolution,
        "flops": stage.flops,
        "bytes": stage.bytes,
        "compute_seconds": stage.by_compute,
        "bandwidth_seconds": stage.by_bandwidth,
        "bound_by": stage.limit,
        "share_of_time": stage.seconds / total,
    }


def _bound(model: str, stages: list[StageBound]) -> dict[str, Any]:
    seconds = sum(stage.seconds for stage in stages)
    return {
        "byte_model": model,
        "bytes_per_image": sum(stage.bytes for stage in stages),
        "seconds_per_image": seconds,
        "images_per_second": 1 / seconds,
    }


def _print(report: dict[str, Any]) -> None:
    from hitzoo.cli import console
    from hitzoo.cli.bench.machine import ceilings_line, on_machine
    from hitzoo.plan.traffic import BYTE_MODELS

    columns = ("part", "resolution", "FLOPs", "bytes", "ms by compute", "ms by bandwidth", "bound by", "share of time")
    rows = [
        [
            stage["name"],
            str(stage["resolution"]),
            console.flops(stage["flops"]),
            console.size(stage["bytes"]),
            f"{1e3 * stage['compute_seconds']:.3g}",
            f"{1e3 * stage['bandwidth_seconds']:.3g}",
            stage["bound_by"],
            f"{stage['share_of_time']:.1%}",
        ]
        for stage in report["stages"]
    ]
    console.print_line(f"of one image, byte model {report['byte_model']}:")
    console.print_table(columns, [rows], words=(0, 6))
    totals = [
        [
            bound["byte_model"],
            console.size(bound["bytes_per_image"]),
            f"{bound['images_per_second']:.4g}",
            BYTE_MODELS[bound["byte_model"]],
        ]
        for bound in report["bounds"]
    ]
    console.print_table(("byte model", "bytes per image", "images/s at most", "what it is"), [totals], words=(0, 3))
    console.print_line(f"{report['model']}, {report['precision']}, batch {report['batch']}, {on_machine(report)}")
    console.print_line(ceilings_line(report["ceilings"]))
