"""Drawings hold the values that were drawn, and nothing of a run's names but as text."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from hitzoo.errors import RequestError
from hitzoo.report import plot as plots
from hitzoo.report.curve import Curve
from hitzoo.report.inline_svg import inline_svg
from hitzoo.report.plot import check_matplotlib, draw_for_paper
from hitzoo.report.quantities import Line, Plot

pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")


def curve(values: list[float]) -> Curve:
    found = Curve(width=100.0)
    for place, value in enumerate(values):
        found.add(100.0 * place + 50, value)
    return found


def plot(*lines: list[float], key: str = "x") -> Plot:
    drawn = tuple(Line(place, f"run {place}", curve(values)) for place, values in enumerate(lines))
    return Plot(key, "A title", "about", drawn, 100.0 * len(lines[0]))


def values_of(svg: str, place: int) -> list[float]:
    """As the page's script reads them out of the drawing."""
    x0, x1, y0, y1 = map(float, re.search(r'data-data="([^"]*)"', svg)[1].split())
    left, right, bottom, top = map(float, re.search(r'data-frame="([^"]*)"', svg)[1].split())
    path = re.search(rf'class="line" data-line="{place}">\s*<path d="([^"]*)"', svg)[1]
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", path)]
    assert [round(x0 + (x - left) / (right - left) * (x1 - x0)) for x, _ in points] == [
        100 * k + 50 for k in range(len(points))
    ]
    shares = [(bottom - y) / (bottom - top) for _, y in points]
    if "data-log" in svg:
        return [y0 * (y1 / y0) ** share for share in shares]
    return [y0 + share * (y1 - y0) for share in shares]


@pytest.mark.parametrize("values", [[3.0, -1.0, 2.5, 2.0], [1e-6, 1e-3, 1.0, 10.0]], ids=["linear", "logarithmic"])
def test_values_can_be_read_out_of_the_drawing(values) -> None:
    other = [2 * value for value in values]
    svg = inline_svg(plot(values, other), description="")
    assert ("data-log" in svg) == (min(values) > 0)
    assert values_of(svg, 0) == pytest.approx(values, rel=2e-3, abs=2e-3 * abs(min(values)))
    assert values_of(svg, 1) == pytest.approx(other, rel=2e-3, abs=2e-3 * abs(min(values)))


def test_drawing_is_part_of_a_page_in_its_colours() -> None:
    svg = inline_svg(plot([0.0011, 0.0012, 0.0013], [0.0013, 0.0012, 0.0011], key="loss"), description="a < b")
    root = ElementTree.fromstring(svg.replace("xlink:href", "href"))
    assert root.attrib["role"] == "img"
    identifiers = re.findall(r' id="([^"]*)"', svg)
    assert len(identifiers) == len(set(identifiers))
    assert all(name.startswith("loss-") for name in identifiers)
    assert set(re.findall(r'(?:url\(#|href="#)([^")]*)', svg)) <= set(identifiers)
    assert {"var(--run-0)", "var(--run-1)", "var(--ink)", "var(--grid)"} <= set(re.findall(r"var\(--[\w-]+\)", svg))
    assert not re.findall(r"#0[1-3]0[1-3]\w\w", svg)
    assert not re.findall(r"<style|<metadata|font-family|<script", svg)
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert "0.00125" in labels or "0.0012" in labels  # in full: only places in the drawing are shortened
    assert "a &lt; b" in svg


def test_band_reaches_from_the_least_to_the_largest() -> None:
    thinned = curve([1.0, 2.0])
    thinned.add(60, 9.0)
    svg = inline_svg(Plot("x", "t", "", (Line(0, "a", thinned),), 200.0), description="")
    band = re.search(r'class="band" data-line="0">\s*<path d="([^"]*)"', svg)[1]
    assert len(re.findall("[ML] ", band)) == 4
    assert "band" not in inline_svg(plot([1.0, 2.0]), description="")


def test_figure_for_a_paper_has_names_as_they_are(tmp_path: Path) -> None:
    hostile = "<script>$x$ \x1b[2J" + "n" * 100
    several = (Line(0, hostile, curve([1.0, 2.0])), Line(1, "b", curve([2.0, 1.0])))
    one = Plot("x", "R_1 $y$", "", several, 200.0)
    for name in ("one.svg", "two.svg"):
        draw_for_paper(one, tmp_path / name, "svg")
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.svg").read_text(encoding="utf-8")
    assert "&lt;script&gt;$x$ \\x1b[2Jnnn" in text
    assert "n…<" in text
    assert "<script" not in text
    assert ">R_1 $y$</text>" in text
    assert ">images</text>" in text
    draw_for_paper(one, tmp_path / "x.png", "png")
    with Image.open(tmp_path / "x.png") as image:
        assert image.format == "PNG"
        assert image.width == 1500
        assert image.convert("L").resize((1, 1)).getpixel((0, 0)) > 230


def test_missing_matplotlib_is_one_message(monkeypatch) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(
        RequestError, match=r"draws with matplotlib, which is not installed; pip install 'hitzoo\[plot\]'"
    ):
        check_matplotlib()
