"""The curves of a page: each drawn, told in words, and with its numbers in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hitzoo.report.curve import Curve, Point
from hitzoo.report.inline_svg import inline_svg
from hitzoo.report.markup import Markup, element, joined
from hitzoo.report.numbers import count, short
from hitzoo.report.quantities import Group, Line, Plot
from hitzoo.report.run_facts import RunFacts
from hitzoo.report.table import table

_ROWS: Final = 12  # of a table


def curve_section(runs: Sequence[RunFacts], groups: Sequence[Group], left: int) -> Markup:
    """Return all plots under their headings, and a sentence for each run that has no numbers."""
    empty = [run.name for run in runs if not run.curves.values]
    notes = [
        *(f"{name} has no metrics yet: metrics.jsonl is missing or empty." for name in empty),
        *([f"{count(left, 'further quantity').replace('quantitys', 'quantities')} not drawn."] if left else []),
    ]
    told = element(
        "p",
        "A line is the mean of the records at its place, the band around it reaches from the least to the largest of"
        " them. All plots share the axis of images shown. Where values differ by orders, their axis is logarithmic.",
        class_="quiet",
    )
    return element(
        "section",
        element("h2", "Curves", id="curves"),
        told if groups else None,
        [element("p", note, class_="missing") for note in notes],
        [_group(group, runs) for group in groups],
        aria_labelledby="curves",
    )


def _group(group: Group, runs: Sequence[RunFacts]) -> Markup:
    figures = [_figure(plot, runs) for plot in group.plots]
    return joined(element("h3", group.title), element("div", figures, class_="plots"))


def _figure(plot: Plot, runs: Sequence[RunFacts]) -> Markup:
    values = [
        element("li", _swatch(line), f"{line.label}: ", element("output", short(line.curve.last)), data_line=place)
        for place, line in enumerate(plot.lines)
    ]
    return element(
        "figure",
        element("figcaption", element("strong", plot.title), " ", element("span", plot.about, class_="quiet")),
        inline_svg(plot, description=" ".join(map(_told, plot.lines))),
        element("ul", values, class_="values"),
        element("details", element("summary", f"Numbers: {plot.title}"), _numbers(plot, runs)),
        class_="plot",
        data_runs=" ".join(str(line.run) for line in plot.lines),
    )


def _swatch(line: Line) -> Markup:
    return element("span", class_=f"swatch run-{line.run % 6}{' dashed' if line.dashed else ''}", aria_hidden="true")


def _told(line: Line) -> str:
    """Return a curve in a sentence, for those who do not see it."""
    points = line.curve.points()
    low, high = min(point.low for point in points), max(point.high for point in points)
    return (
        f"{line.label}: {short(points[0].mean)} at {points[0].images:,.0f} images,"
        f" {short(points[-1].mean)} at {points[-1].images:,.0f}; least {short(low)}, largest {short(high)}."
    )


def _numbers(plot: Plot, runs: Sequence[RunFacts]) -> Markup:
    places = _places([line.curve.points() for line in plot.lines])
    rows = [[f"{place:,.0f}", *(_at(line.curve, place) for line in plot.lines)] for place in places]
    left_out = [line for line in plot.lines if line.curve.left_out]
    files = ", ".join(str(runs[run].record.metrics) for run in sorted({line.run for line in plot.lines}))
    return joined(
        table(f"{plot.title}: means around some image counts", ["images", *(line.label for line in plot.lines)], rows),
        [
            element("p", f"{line.label}: {count(line.curve.left_out, 'record')} not finite, which are not drawn.")
            for line in left_out
        ],
        element("p", f"All records: {files}", class_="quiet"),
    )


def _places(curves: Sequence[Sequence[Point]]) -> list[float]:
    """Return a few image counts of the longest curve, the first and the last among them."""
    longest = max(curves, key=lambda points: (points[-1].images, len(points)))
    last = len(longest) - 1
    chosen = sorted({round(place * last / (_ROWS - 1)) for place in range(_ROWS)})
    return [longest[place].images for place in chosen]


def _at(curve: Curve, images: float) -> str:
    """Return the mean of the range that is nearest; nothing beyond the curve's end."""
    points = curve.points()
    nearest = min(points, key=lambda point: abs(point.images - images))
    reach = max(curve.width, 0.02 * points[-1].images)
    return short(nearest.mean) if points[0].images - reach <= images <= points[-1].images + reach else ""
