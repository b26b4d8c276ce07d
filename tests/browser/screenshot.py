"""`python -m tests.browser.screenshot docs/exploring.png`: the picture of the page in the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

import hitzoo
from hitzoo.explore.about import about
from hitzoo.explore.pictures import Pictures
from hitzoo.explore.server import PageServer
from tests.browser.chromium import found_chromium
from tests.browser.file_server import serving

MODEL = "hit-ti-shapes32"


def main(path: Path) -> None:
    """Open the page at a mixture, and save it as it looks."""
    generator = hitzoo.load(MODEL, device="cpu")
    quick = generator.fast()
    server = PageServer(Pictures(generator, quick), about(generator, quick, MODEL), 0)
    with serving(server) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 800}, color_scheme="light")
        page.goto(f"{address}#seeds=3,14,15,92&at=0.68,0.49")
        page.wait_for_selector("body[data-state=ready]")
        page.wait_for_timeout(500)
        page.screenshot(path=path, full_page=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
