"""The figure of a comparison: quality against throughput, and against parameters. Only this file knows matplotlib."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitzoo.bench.label_placement import Box, place_labels
from hitzoo.bench.protocols import protocols
from hitzoo.errors import RequestError
from hitzoo.evaluation.metrics import METRICS
from hitzoo.zoo.metric_names import metric_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")

# Okabe and Ito (2008), "Color Universal Design": distinct for every kind of colour vision; shapes say the same.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_SHAPES = ("o", "s", "^", "D", "v", "P")
_INK, _PALE = "#333333", "#dddddd"
_DECADE = 8.0  # of the largest to the smallest value: from here on an axis is logarithmic
_WIDE = 150  # letters in a line of the notes
_LONGEST = 32  # letters of a label
_ABOVE, _PANEL, _BELOW, _LINE = 0.45, 3.0, 0.62, 0.13  # inches: the legend, a panel, its axis, a line of the notes
_STYLE = {"font.family": "sans-serif", "font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "hitzoo"}


@dataclass(frozen=True, kw_only=True)
class Point:
    """A model in the figure. `speed` is in images per second, with its quartiles; `published` numbers are hollow."""

    name: str
    family: str
    quality: float
    published: bool
    protocol: str
    parameters: int
    speed: float | None = None
    speed_quartiles: tuple[float, float] = (0.0, 0.0)


def check_plot(path: Path) -> None:
    """Refuse a figure that cannot be drawn, before any work.

    Raises:
        RequestError: an unknown suffix, or matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise RequestError(f"--plot {path}: give a file whose name ends in {', '.join(SUFFIXES)}")
    if find_spec("matplotlib") is None:
        raise RequestError(f"--plot {path}: needs matplotlib; pip install 'hitzoo[plot]'")


def points_of(models: Sequence[Mapping[str, Any]], metric: str) -> list[Point]:
    """Return the models that have a number of the metric: what was measured of the weights, else what is published."""
    return [point for point in (_point(model, metric) for model in models) if point is not None]


def draw(report: Mapping[str, Any], path: Path, target: Path) -> None:
    """Draw a report of `hitzoo compare` into the file `target`, in the format that the name of `path` asks for."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = points_of(report["models"], report["metric"])
    with rc_context(_STYLE):
        notes = _notes(report, points)
        below = _BELOW + _LINE * len(notes)
        height = _ABOVE + _PANEL + below
        figure = Figure(figsize=(10, height), dpi=150, facecolor="white")
        FigureCanvasAgg(figure)  # lays out what labels are placed by
        left, right = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=0.07, right=0.98, top=1 - _ABOVE / height, bottom=below / height, wspace=0.06)
        figure.text(0.07, 0.08 / height, "\n".join(notes), fontsize=7.5, color=_INK, verticalalignment="bottom")
        looks = _looks(points)
        panels = (
            (left, "images/s", [(point, point.speed) for point in points if point.speed]),
            (right, "parameters of the generator (M)", [(point, point.parameters / 1e6) for point in points]),
        )
        for axes, what, placed in panels:
            _panel(axes, placed, looks, what)
        if _is_wide([point.quality for point in points]):
            _make_logarithmic(left, "y")
        figure.canvas.draw()
        for axes, _, placed in panels:
            _label(axes, placed)
        left.set_ylabel(
            f"{metric_name(report['metric'])} ({'higher' if _rises(report['metric']) else 'lower'} is better)"
        )
        _legend(figure, points, looks)
        known = {"Date": None} if path.suffix.lower() == ".svg" else {}
        figure.savefig(target, format=path.suffix.lower().removeprefix("."), metadata=known)


def _point(model: Mapping[str, Any], metric: str) -> Point | None:
    for key in ("measured", "published"):
        for number in model[key]:
            if number["metric"] == metric:
                sampling = model.get("sampling", {})
                return Point(
                    name=model["model"],
                    family=model["family"],
                    quality=number["value"],
                    published=key == "published",
                    protocol=number["protocol"],
                    parameters=model["parameters"],
                    speed=sampling.get("images_per_second"),
                    speed_quartiles=tuple(sampling.get("images_per_second_quartiles", (0.0, 0.0))),
                )
    return None


def _looks(points: Sequence[Point]) -> dict[str, dict[str, Any]]:
    """Return a colour and a shape for each family, in the order of the points."""
    families = dict.fromkeys(point.family for point in points)
    return {
        family: {"color": _COLOURS[place % len(_COLOURS)], "marker": _SHAPES[place % len(_SHAPES)]}
        for place, family in enumerate(families)
    }


def _panel(
    axes: Axes, placed: Sequence[tuple[Point, float]], looks: Mapping[str, Mapping[str, Any]], label: str
) -> None:
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_INK)
    axes.tick_params(colors=_INK)
    axes.grid(color=_PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(0.12, 0.16)
    if _is_wide([place for _, place in placed]):
        _make_logarithmic(axes, "x")
    for point, place in placed:
        look = looks[point.family]
        if place == point.speed:
            axes.plot(point.speed_quartiles, (point.quality,) * 2, color=look["color"], linewidth=1.2, alpha=0.6)
        face = "white" if point.published else look["color"]
        axes.plot([place], [point.quality], markersize=7, markerfacecolor=face, markeredgewidth=1.6, **look)


def _is_wide(values: Sequence[float]) -> bool:
    return bool(values) and 0 < _DECADE * min(values) < max(values)


def _make_logarithmic(axes: Axes, which: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _label(axes: Axes, placed: Sequence[tuple[Point, float]]) -> None:
    """Write the names beside their points, with a thin line where one had to go further away."""
    figure = axes.figure
    texts = [axes.text(0, 0, _short(point.name), color=_INK, fontsize=8.5) for point, _ in placed]
    extents = [text.get_window_extent() for text in texts]
    pixels = [tuple(axes.transData.transform((place, point.quality))) for point, place in placed]
    frame = axes.get_window_extent()
    boxes = place_labels(
        pixels,
        [(extent.width, extent.height) for extent in extents],
        Box(frame.x0, frame.y0, frame.x1, frame.y1),
        radius=4.5 * figure.dpi / 72,
    )
    back = axes.transAxes.inverted()
    for text, box, (x, y) in zip(texts, boxes, pixels, strict=True):
        text.set_transform(axes.transAxes)
        text.set_position(back.transform((box.left, box.low)))
        text.set_verticalalignment("bottom")
        near = min(max(x, box.left), box.right), min(max(y, box.low), box.high)
        if abs(near[0] - x) + abs(near[1] - y) > 3 * figure.dpi / 18:
            line = back.transform([near, (x, y)])
            axes.plot(line[:, 0], line[:, 1], transform=axes.transAxes, color=_PALE, linewidth=0.8, zorder=0.5)


def _short(name: str) -> str:
    """Shorten a long path from its front."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _legend(figure: Figure, points: Sequence[Point], looks: Mapping[str, Mapping[str, Any]]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], linestyle="", label=family, **look) for family, look in looks.items()]
    kinds = {point.published for point in points}
    if len(kinds) == 2:
        grey: dict[str, Any] = {"linestyle": "", "marker": "o", "color": "#777777"}
        handles += [
            Line2D([], [], label="measured of these weights", **grey),
            Line2D([], [], label="as published", markerfacecolor="white", **grey),
        ]
    if len(handles) > 1:
        figure.legend(handles=handles, loc="upper center", ncols=len(handles), frameon=False, fontsize=8.5)


def _notes(report: Mapping[str, Any], points: Sequence[Point]) -> list[str]:
    """Lines under the panels: how every number was found, and what is missing."""
    metric = metric_name(report["metric"])
    said = " as published" if all(point.published for point in points) else ""
    threads = f" ({report['threads']} threads)" if report["device"] == "cpu" else ""
    bars = "; bars: quartiles" if any(low < high for low, high in (point.speed_quartiles for point in points)) else ""
    notes = [f"{metric}{said}{one}." for one in protocols((_short(point.name), point.protocol) for point in points)]
    notes += [
        f"images/s: {report['path']} network, {report['precision']}, batch {report['batch']}, on {report['hardware']}"
        f"{threads}{bars}."
    ]
    shown = {point.name for point in points}
    left_out = [model["model"] for model in report["models"] if model["model"] not in shown]
    unmeasured = [point.name for point in points if not point.speed]
    notes += [f"Without {metric}: {', '.join(left_out)}."] if left_out else []
    notes += [f"Not measured here: {', '.join(unmeasured)}."] if unmeasured else []
    return [line for note in notes for line in textwrap.wrap(note, _WIDE)]


def _rises(metric: str) -> bool:
    return any(
        better == "higher" for one in METRICS.values() for name, better in one.values if metric in (one.name, name)
    )
