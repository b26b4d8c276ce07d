"""A real browser for pages: headless Chromium, which sees this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import found_chromium, why_no_browser
from tests.browser.install import RUNTIME
from tests.browser.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies here and asks for a browser has its mark, and those of a test that is not in the default suite."""
    for item in items:
        if {"browser", "visit"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one per process of the suite; the test is skipped, with the reason, where there is none."""
    reason = why_no_browser()
    if reason:
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root there is no sandbox to be had, and containers give /dev/shm 64 MB.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=found_chromium(), args=options)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, socket_enabled: None) -> Iterator[Visit]:
    """A tab of a fresh browser: the test fails for what a page asked of other machines, and for errors that it had."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, color_scheme="light")
    visit = Visit(context)
    yield visit
    context.close()
    visit.check()


@pytest.fixture(scope="session")
def runtime() -> Path:
    """onnxruntime-web as npm packs it."""
    if not RUNTIME.exists():
        pytest.skip("needs onnxruntime-web: make browser")
    return RUNTIME
