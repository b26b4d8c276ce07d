"""The table of `hitzoo compare`, and the sentences under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitzoo.cli.table import Cell

_SPEED = "images_per_second"
_FEW = 3  # names in a note


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
    for line in _failures(models):
        console.print_line(line)
    console.print_paragraph(f"{_rounds(report)}, {on_machine(report)}")
    for line in _protocols(models, metric):
        console.print_paragraph(line)


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
        _number(model["published"], _SPEED),
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
    low, high = part["ratio_quartiles"]
    return f"{part['ratio']:.2f} ({low:.2f}–{high:.2f})", f"{part['ratio']:.2f}"


def _number(numbers: list[dict[str, Any]], metric: str) -> str:
    return next((f"{number['value']:.4g}" for number in numbers if number["metric"] == metric), "")


def _failures(models: list[dict[str, Any]]) -> Iterator[str]:
    words = {"sampling": "makes no images here", "training": "makes no step here"}
    for model in models:
        for part, reason in model.get("errors", {}).items():
            yield f"{model['model']} {words[part]}: {reason}"


def _rounds(report: Mapping[str, Any]) -> str:
    from hitzoo.cli import console

    rounds = {
        part: max((len(model[part]["seconds"]) for model in report["models"] if part in model), default=0)
        for part in ("sampling", "training")
    }
    counts = console.count(rounds["sampling"], "round")
    if rounds["training"]:
        counts += f" and {console.count(rounds['training'], 'round')} of steps in float32"
    stopped = "interrupted after " if report["interrupted"] else ""
    return f"{stopped}{counts}, {report['path']} network in {report['precision']}, batch {report['batch']}"


def _protocols(models: list[dict[str, Any]], metric: str) -> Iterator[str]:
    """Say how the numbers were found that others measured, or that were measured before."""
    from hitzoo.zoo.metric_names import metric_name

    kinds = (("published", "paper", (metric, _SPEED)), ("measured", "own", (metric,)))
    for key, word, metrics in kinds:
        for one in metrics:
            told: dict[str, list[str]] = {}
            for model in models:
                for number in model[key]:
                    if number["metric"] == one:
                        told.setdefault(number["protocol"], []).append(model["model"])
            for protocol, whose in told.items():
                yield f"{word} {metric_name(one)}{_of(whose) if len(told) > 1 else ''}: {protocol}"


def _of(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f" of {', '.join(names[:_FEW])}{more}"
