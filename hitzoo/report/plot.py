"""Plots of curves, for a page and for papers. Of the report only this file knows matplotlib.

A line is the mean of the records at a place, the band around it reaches from the least to the largest of them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hitzoo.errors import RequestError
from hitzoo.escape import one_line
from hitzoo.report.quantities import Line, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008), "Color Universal Design": distinct for every kind of colour vision; shades say the same.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_SIZE: Final = (5.0, 2.7)  # inches
_MARGINS: Final = {"left": 0.135, "right": 0.97, "top": 0.96, "bottom": 0.11}
_INK, _PALE = "#333333", "#dddddd"
_DECADES: Final = 100.0  # of the largest to the least mean: from here on an axis is logarithmic
_LONGEST: Final = 40  # letters of a legend's entry
_STYLE: Final = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "hitzoo",
}


@dataclass(frozen=True)
class Scale:
    """Where values lie in a drawing: `data` (x0, x1, y0, y1) at the edges `frame` (left, right, bottom, top).

    `frame` counts from the top left, in points, as SVG does. The axis of values may be `logarithmic`.
    """

    data: tuple[float, float, float, float]
    frame: tuple[float, float, float, float]
    logarithmic: bool


def check_matplotlib() -> None:
    """Say before any work that plots cannot be drawn.

    Raises:
        RequestError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise RequestError("hitzoo report draws with matplotlib, which is not installed; pip install 'hitzoo[plot]'")


def colour_of(run: int) -> str:
    """Return the colour of the run in that place."""
    return COLOURS[run % len(COLOURS)]


def draw_for_page(plot: Plot, *, ink: str, pale: str, colours: Mapping[int, str]) -> tuple[str, Scale]:
    """Draw a plot without legend and title as SVG, in the colours of words that its reader replaces.

    Lines have the identifiers `line-0`, `line-1`, …, their bands `band-0`, ….
    """
    from matplotlib import rc_context

    with rc_context(_STYLE):
        figure, axes = _figure(_SIZE)
        logarithmic = _draw(axes, plot, ink, pale, colours)
        figure.patch.set_visible(False)
        axes.patch.set_visible(False)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
        width, height = (72 * side for side in _SIZE)
        left, right = _MARGINS["left"] * width, _MARGINS["right"] * width
        bottom, top = (1 - _MARGINS["bottom"]) * height, (1 - _MARGINS["top"]) * height
        scale = Scale((*axes.get_xlim(), *axes.get_ylim()), (left, right, bottom, top), logarithmic)
    return written.getvalue(), scale


def draw_for_paper(plot: Plot, target: Path, form: str) -> None:
    """Draw a plot with axes named and a legend into a file, `form` is `svg` or `png`."""
    from matplotlib import rc_context

    with rc_context(_STYLE):
        rows = -(-len(plot.lines) // 2) if _is_several(plot) else 0
        width, height = _SIZE[0], _SIZE[1] + 0.3 + 0.22 * rows
        figure, axes = _figure((width, height), top=1 - (0.12 + 0.22 * rows) / height, bottom=0.45 / height, left=0.15)
        _draw(axes, plot, _INK, _PALE, {line.run: colour_of(line.run) for line in plot.lines})
        axes.set_xlabel("images", color=_INK)
        axes.set_ylabel(_plain(plot.title), color=_INK, parse_math=False)
        if rows:
            _legend(figure, axes, plot)
        metadata = {"Date": None} if form == "svg" else {}
        figure.savefig(target, format=form, dpi=300, metadata=metadata, facecolor="white")


def _figure(size: tuple[float, float], **margins: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    axes = figure.subplots()
    figure.subplots_adjust(**{**_MARGINS, **margins})
    return figure, axes


def _draw(axes: Axes, plot: Plot, ink: str, pale: str, colours: Mapping[int, str]) -> bool:
    """Draw lines and axes; True if values are on a logarithmic axis."""
    from matplotlib.ticker import EngFormatter, MaxNLocator, NullFormatter

    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ink)
    axes.tick_params(colors=ink, length=3)
    axes.grid(color=pale, linewidth=0.6)
    axes.set_axisbelow(True)
    for place, line in enumerate(plot.lines):
        _draw_line(axes, line, place, colours[line.run])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    logarithmic = _is_wide(plot)
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}".replace("-", "−"))  # no factor beside the axis
    axes.margins(0, 0.06)
    axes.set_xlim(0, 1.01 * plot.until)
    return logarithmic


def _draw_line(axes: Axes, line: Line, place: int, colour: str) -> None:
    points = line.curve.points()
    images = [point.images for point in points]
    style = _style(line)
    if any(point.low < point.high for point in points):
        edge = [point.low for point in points] + [point.high for point in reversed(points)]
        axes.fill(images + images[::-1], edge, color=colour, alpha=0.18, linewidth=0, gid=f"band-{place}")
    lone: dict[str, Any] = {"marker": "o", "markersize": 4} if len(points) < 12 else {}
    means = [point.mean for point in points]
    axes.plot(images, means, color=colour, linewidth=1.5, linestyle=style, gid=f"line-{place}", **lone)


def _style(line: Line) -> Any:
    """Return solid, dashed for a second quantity; beyond the colours there are, runs are dotted."""
    dotted = line.run >= len(COLOURS)
    return (0, (4, 2, 1, 2)) if line.dashed and dotted else (0, (4, 2)) if line.dashed else ":" if dotted else "-"


def _is_wide(plot: Plot) -> bool:
    """True for positive values that differ by orders, of which a linear axis shows the largest only."""
    means = [point.mean for line in plot.lines for point in line.curve.points()]
    lows = [point.low for line in plot.lines for point in line.curve.points()]
    return min(lows) > 0 and max(means) > _DECADES * min(means)


def _is_several(plot: Plot) -> bool:
    return len(plot.lines) > 1


def _legend(figure: Figure, axes: Axes, plot: Plot) -> None:
    handles = [one for one in axes.lines if str(one.get_gid()).startswith("line-")]
    labels = [_plain(line.label) for line in plot.lines]
    columns = min(2, len(labels))
    drawn = figure.legend(handles, labels, loc="upper left", ncols=columns, frameon=False, labelcolor=_INK)
    for entry in drawn.get_texts():
        entry.set_parse_math(False)


def _plain(words: str) -> str:
    """Return a name as a legend shows it: one visible line of bounded length."""
    line = one_line(words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
