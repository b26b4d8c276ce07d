"""The browser itself: what it refuses and what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.visit import Visit


def test_visit_notes_requests_to_other_machines(visit: Visit, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<title>t</title><img alt="" src="http://example.invalid/x.png">')
    visit.page.goto(page.as_uri())
    assert visit.outside == ["http://example.invalid/x.png"]
    with pytest.raises(AssertionError, match="asks for"):
        visit.check()
    visit.outside.clear()
    visit.errors.clear()


def test_visit_notes_errors_of_the_page(visit: Visit, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>t</title><script>undefinedName()</script>")
    visit.page.goto(page.as_uri())
    assert ["undefinedName" in error for error in visit.errors] == [True]
    visit.errors.clear()


def test_visit_finds_what_cannot_be_read(visit: Visit, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<html lang="en"><title>t</title><main><h1>t</h1><p style="color:#eee;background:#fff">pale</p>')
    visit.page.goto(page.as_uri())
    assert [finding.partition(" ")[0] for finding in visit.serious_findings()] == ["color-contrast"]
