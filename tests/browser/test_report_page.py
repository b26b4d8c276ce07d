"""A report in a browser: everybody can use it, it asks nobody, and its values are those of the run."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from hitzoo.report.write import write_report
from tests.browser.visit import Visit
from tests.report.written_runs import lines, write_run

pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")

GENERATOR = "figure:has(#loss-generator-title)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on two runs; the generator's loss is 1/k after 40·k images."""
    folder = tmp_path_factory.mktemp("report")
    runs = [
        write_run(folder / "<b>one", [*lines(), {"step": 9, "warning": "collapse"}], grids=(50, 100, 200)),
        write_run(folder / "two", lines(10), grids=(100,)),
    ]
    write_report(runs, folder / "report.html")
    return folder / "report.html"


def opened(visit: Visit, report: Path) -> None:
    visit.page.goto(report.as_uri())
    assert [address for address in visit.requests if not address.startswith("data:")] == [report.as_uri()]


def set_to(visit: Visit, slider: str, value: float) -> None:
    visit.page.locator(slider).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", value
    )


def values(visit: Visit) -> list[str]:
    return visit.page.locator(f"{GENERATOR} output").all_inner_texts()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 380)])
def test_everybody_can_use_the_page(visit: Visit, report: Path, scheme: str, width: int) -> None:
    visit.page.emulate_media(color_scheme=scheme)
    visit.page.set_viewport_size({"width": width, "height": 800})
    opened(visit, report)
    assert visit.serious_findings() == []
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 150) == (scheme == "dark")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    visit.page.locator("#theme").select_option("light")
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 249)"


def test_cursor_shows_the_values_of_all_runs(visit: Visit, report: Path) -> None:
    opened(visit, report)
    assert values(visit) == ["0.05", "0.1"]  # the last ones
    set_to(visit, "#cursor", 200)  # of a thousand parts of 800 images
    assert visit.page.locator("#cursor-at").inner_text() == "160 images"
    assert [float(value) for value in values(visit)] == pytest.approx([0.25, 0.25], abs=0.002)
    set_to(visit, "#cursor", 900)
    assert values(visit)[1] == "–"  # the second run has ended before
    set_to(visit, "#cursor", 1000)
    assert values(visit) == ["0.05", "0.1"]
    visit.page.locator(f"{GENERATOR} svg").hover()
    assert float(values(visit)[0]) == pytest.approx(0.1, abs=0.02)  # in the middle
    visit.page.locator("#cursor").press("Home")
    assert visit.page.locator("#cursor").get_attribute("aria-valuetext") == "0 images"


def test_slider_moves_the_grids_of_all_runs(visit: Visit, report: Path) -> None:
    opened(visit, report)

    def shown() -> list[str]:
        return visit.page.locator(".frame:visible figcaption").all_inner_texts()

    last = "Step 100, 400 images shown"
    assert shown() == ["Step 200, 800 images shown", last]
    visit.page.locator("#grid-slider").press("ArrowLeft")
    assert shown() == ["Step 100, 400 images shown", last]
    visit.page.locator("#grid-slider").press("ArrowLeft")
    assert shown() == ["Step 50, 200 images shown", last]
    assert visit.page.locator("#grid-step").inner_text() == "200 images"
    visit.page.locator("#play").click()
    visit.page.locator(".frame:visible", has_text="Step 200").wait_for()
    visit.page.locator("input[data-show='1']").uncheck()
    assert shown() == ["Step 200, 800 images shown"]
    assert not visit.page.locator(f"{GENERATOR} li").nth(1).is_visible()


def test_page_is_readable_without_its_script(visit: Visit, report: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = report.read_text(encoding="utf-8")
    page.write_text(text[: text.index("<script>")], encoding="utf-8")
    visit.page.goto(page.as_uri())
    assert visit.page.locator(".frame:visible").count() == 2
    assert visit.page.locator("figure.plot svg:visible").count() == 3
    assert not visit.page.locator("input:visible").count()
    assert visit.page.locator("h3", has_text="<b>one").count() == 1


def test_page_of_a_run_that_goes_on_comes_again_as_its_reader_left_it(visit: Visit, tmp_path: Path) -> None:
    here = {"sessions": [{"host": platform.node(), "pid": os.getpid(), "command": []}]}
    run = write_run(tmp_path / "run", lines(), grids=(50, 100), about=here)
    write_report([run], tmp_path / "report.html", refresh=1)
    visit.page.goto((tmp_path / "report.html").as_uri())
    visit.page.locator("#theme").select_option("dark")
    set_to(visit, "#cursor", 200)
    visit.page.locator("#grid-slider").press("Home")
    with visit.page.expect_event("load"):
        pass
    assert visit.page.locator("#theme").input_value() == "dark"
    assert visit.page.locator("#cursor-at").inner_text() == "160 images"
    assert visit.page.locator(".frame:visible figcaption").inner_text() == "Step 50, 200 images shown"
    visit.page.locator("#pause").click()
    assert visit.page.locator("#pause").inner_text() == "Go on"
