"""The table of `hitzoo compare`, and the sentences under it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitzoo.cli.table import Cell

DEFAULT_METRIC = "fid"
SPEED = "images_per_second"
"""The number of a record that is no quality."""


def print_comparison(report: dict[str, Any]) -> None:
    """Print a report, whole or interrupted."""
    from hitzoo.cli import console
    from hitzoo.cli.bench.machine import on_machine
    from hitzoo.zoo.metric_names import metric_name

    models, metric = report["models"], report["metric"]
    name = metric_name(metric)
    columns = (
        "model", "image", "params", "FLOPs", "images/s", "times the first", "ms for one", "memory", f"paper {name}",
        f"own {name}", "paper images/s", "step: s per image", "step: times the first", "step: memory per image",
    )  # fmt: skip
    rows = [_cells(model, metric) for model in models]
    console.print_table(columns, [rows], words=(0,), last_to_go=(4, 8, 2, 5, 6, 9, 11, 3, 7, 13, 12, 10, 1))
    for line in _failures(models, report["batch"]):
        console.print_line(line)
    console.print_paragraph(f"{_rounds(report)}, {on_machine(report)}")
    for line in _protocols(models, metric):
        console.print_paragraph(line)
    known = {number["metric"] for model in models for number in (*model["published"], *model["measured"])}
    if metric not in known and (metric != DEFAULT_METRIC or known - {SPEED}):
        console.print_paragraph(without_metric(metric, known))


def _cells(model: Mapping[str, Any], metric: str) -> list[Cell]:
    from hitzoo.cli import console

    sampling, latency, training = (model.get(key, {}) for key in ("sampling", "latency", "training"))
    return [
        model["model"],
        f"{model['resolution']}²",
        f"{model['parameters'] / 1e6:.2f} M",
        console.flops(model["flops"]),
        _figure(sampling.get("images_per_second")),
        _ratio(sampling),
        _figure(latency.get("milliseconds")),
        console.size(sampling.get("peak_bytes", 0)),
        _number(model["published"], metric),
        _number(model["measured"], metric),
        _number(model["published"], SPEED),
        _figure(training.get("seconds_per_image")),
        _ratio(training),
        console.size(training.get("bytes_per_image", 0)),
    ]


def _figure(value: float | None) -> str:
    """Format with three significant digits, or all digits before the point."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(part: Mapping[str, Any]) -> Cell:
    if "ratio" not in part:
        return ""
    if len(part["seconds"]) < 2:  # of one round there are no quartiles
        return _times(part["ratio"])
    low, high = map(_times, part["ratio_quartiles"])
    return f"{_times(part['ratio'])} ({low}–{high})", _times(part["ratio"])


def _times(value: float) -> str:
    """Format with two decimals, or two significant digits of less than 0.1."""
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _number(numbers: list[dict[str, Any]], metric: str) -> str:
    return next((f"{number['value']:.4g}" for number in numbers if number["metric"] == metric), "")


def _failures(models: list[dict[str, Any]], batch: int) -> Iterator[str]:
    words = {
        "sampling": f"makes no {batch:,} images at once here",
        "latency": "makes no single image here",
        "training": "makes no step here",
    }
    for model in models:
        errors = dict(model.get("errors", {}))
        if "sampling" in errors and "latency" not in model:
            errors.pop("latency", None)
            yield f"{model['model']} makes no images here: {errors.pop('sampling')}"
        for part, reason in errors.items():
            yield f"{model['model']} {words[part]}: {reason}"


def _rounds(report: Mapping[str, Any]) -> str:
    from hitzoo.cli import console

    rounds = {
        part: max((len(model[part]["seconds"]) for model in report["models"] if part in model), default=0)
        for part in ("sampling", "latency", "training")
    }
    counts = console.count(rounds["sampling"] or rounds["latency"], "round")
    if rounds["training"]:
        counts += f" and {console.count(rounds['training'], 'round')} of steps in float32"
    stopped = "interrupted after " if report["interrupted"] else ""
    return f"{stopped}{counts}, {report['path']} network in {report['precision']}, batch {report['batch']}"


def _protocols(models: list[dict[str, Any]], metric: str) -> Iterator[str]:
    """Say how the numbers were found that others measured, or that were measured before."""
    from hitzoo.bench.protocols import protocols
    from hitzoo.zoo.metric_names import metric_name

    for key, word, one in (("published", "paper", metric), ("published", "paper", SPEED), ("measured", "own", metric)):
        found = (
            (model["model"], number["protocol"]) for model in models for number in model[key] if number["metric"] == one
        )
        for said in protocols(found):
            yield f"{word} {metric_name(one)}{said}"


def without_metric(metric: str, known: Iterable[str]) -> str:
    """Say that no network has a number of a metric, and which metrics there are."""
    there = sorted(set(known) - {SPEED})
    way_on = (
        f"there is {', '.join(there)}: --metric chooses one"
        if there
        else "models of the zoo have one in their record, a run has what `hitzoo eval` measured"
    )
    return f"no {metric} is known of any of these; {way_on}"
