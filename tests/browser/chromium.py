"""The browser that is installed: `make browser` installs one, $HITZOO_TEST_BROWSER names another."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")


def found_chromium() -> str | None:
    """The path of a browser of Chromium's kind."""
    own = os.environ.get("HITZOO_TEST_BROWSER")
    return own or next(filter(None, map(shutil.which, NAMES)), None)


def why_no_browser() -> str:
    """Say what is missing to open a page; empty where nothing is."""
    missing = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
    if missing:
        return f"needs {' and '.join(missing)}: pip install 'hitzoo[dev]'"
    return "" if found_chromium() else "needs Chromium: make browser"
