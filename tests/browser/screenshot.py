"""Pictures of pages, as the documentation shows them.

python -m tests.browser.screenshot explore docs/exploring.png
python -m tests.browser.screenshot report docs/figures/report.webp report.html
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

import hitzoo
from hitzoo.explore.about import about
from hitzoo.explore.pictures import Pictures
from hitzoo.explore.server import PageServer
from tests.browser.chromium import found_chromium
from tests.browser.file_server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

MODEL = "hit-ti-shapes32"
WIDTH, HEIGHT = 1100, 800
WIDE = 1400


@contextmanager
def opened(address: str, width: int = WIDTH) -> Iterator[Page]:
    """A page in headless Chromium, light."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme="light")
        page.goto(address)
        yield page
        browser.close()


def explore(path: Path) -> None:
    """Open the page at a mixture, and save it as it looks."""
    generator = hitzoo.load(MODEL, device="cpu")
    quick = generator.fast()
    server = PageServer(Pictures(generator, quick), about(generator, quick, MODEL), 0)
    with serving(server) as address, opened(f"{address}#seeds=3,14,15,92&at=0.68,0.49") as page:
        page.wait_for_selector("body[data-state=ready]")
        page.wait_for_timeout(500)
        page.screenshot(path=path, full_page=True)


def report(path: Path, html: Path) -> None:
    """Open a report with the cursor at half, and save its runs, samples and first curves."""
    with opened(html.resolve().as_uri(), WIDE) as page:
        half = "(slider) => { slider.value = slider.max / 2; slider.dispatchEvent(new Event('input')); }"
        page.locator("#cursor").evaluate(half)
        below = page.locator("figure:has(svg)").nth(1).bounding_box()
        assert below is not None, "the report has two plots or more"
        bottom = below["y"] + below["height"] + 16
        shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDE, "height": bottom})
    with Image.open(io.BytesIO(shot)) as picture:
        picture.save(path, quality=85, method=6)


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    if command == "explore":
        explore(*map(Path, paths))
    else:
        report(*map(Path, paths))
