"""The first thing on a page: every run in a row, and the known failures that it told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hitzoo.report.markup import Content, Markup, element
from hitzoo.report.numbers import duration, short
from hitzoo.report.run_facts import RunFacts
from hitzoo.report.table import table
from hitzoo.zoo.metric_names import metric_name

_STATES: Final[Mapping[str, str]] = {"running?": "running, it seems", "damaged": "damaged"}
_FAILURES: Final[Mapping[str, str]] = {
    "discriminator_wins": "the discriminator is nearly always right, and the generator learns little from it",
    "r1_explodes": "the penalty R1 is tens of times its median: the discriminator is steep at the images",
    "r2_explodes": "the penalty R2 is tens of times its median: the discriminator is steep at the images",
    "wgan_gp_explodes": "the gradient penalty is tens of times its median",
    "collapse": "samples are far more alike than real images are",
    "grey_average": "the averaged generator's samples are nearly plain",
}


def overview_section(runs: Sequence[RunFacts]) -> Markup:
    """Return the table of runs, and what is wrong with any."""
    heads = ["run", "model", "state", "step", "images", "time", "images/s", "best", "seed"]
    rows = [_row(place, run) for place, run in enumerate(runs)]
    notes = [f"{run.name}: {run.summary.note}" for run in runs if run.summary.note]
    return element(
        "section",
        element("h2", "Runs", id="runs"),
        table("Runs of this report", heads, rows, words=(0, 1, 2, 7), titled=True),
        [element("p", note, class_="missing") for note in notes],
        aria_labelledby="runs",
    )


def _row(place: int, run: RunFacts) -> list[Content]:
    summary, curves = run.summary, run.curves
    best = summary.best
    return [
        [element("span", class_=f"swatch run-{place % 6}", aria_hidden="true"), run.name],
        summary.model or summary.name or "",
        element("span", _STATES.get(summary.state, summary.state), class_=f"state {summary.state.rstrip('?')}"),
        _steps(run),
        f"{curves.images:,.0f}" if curves.images else "",
        duration(curves.seconds) if curves.seconds else "",
        short(summary.images_per_second),
        f"{metric_name(best.metric)} {short(best.value)} at step {best.step:,}" if best else "",
        str(run.record.seed() if run.record.seed() is not None else ""),
    ]


def _steps(run: RunFacts) -> str:
    step, steps = run.summary.step, run.summary.steps
    if step is None and steps is None:
        return ""
    return f"{step or 0:,} of {steps:,}" if steps is not None else f"{step:,}"


def warning_section(runs: Sequence[RunFacts]) -> Markup:
    """Return the known failures that the runs told of, with the images from which and to which they showed."""
    rows: list[list[Content]] = [
        [
            run.name,
            one.name.replace("_", " "),
            f"{one.begin:,.0f}",
            "still shows" if one.end is None else f"{one.end:,.0f}",
            _FAILURES.get(one.name, ""),
        ]
        for run in runs
        for one in run.curves.failures
    ]
    heads = ["run", "warning", "from image", "to image", "what it means"]
    return element(
        "section",
        element("h2", "Warnings", id="warnings"),
        table("Warnings that the runs gave", heads, rows, words=(0, 1, 3, 4), titled=True)
        if rows
        else element("p", "None of the known failures showed."),
        aria_labelledby="warnings",
    )
