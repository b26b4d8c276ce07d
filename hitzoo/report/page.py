"""The page: one file that asks nobody for anything, by the rule that it carries for the browser to keep."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Final

from hitzoo.releases import release_of
from hitzoo.report.curve_section import curve_section
from hitzoo.report.grid_section import grid_section
from hitzoo.report.markup import Markup, element, joined
from hitzoo.report.numbers import count
from hitzoo.report.overview_section import overview_section, warning_section
from hitzoo.report.pictures import Gallery
from hitzoo.report.quantities import Group
from hitzoo.report.recipe_section import network_section, spec_section
from hitzoo.report.run_facts import RunFacts
from hitzoo.report.session_section import session_section

GENERATOR: Final = "hitzoo report"
_SECTIONS: Final = ("Runs", "Warnings", "Samples", "Curves", "Networks", "Spec", "Sessions")


def page(
    runs: Sequence[RunFacts],
    groups: Sequence[Group],
    galleries: Sequence[Gallery],
    *,
    made: datetime,
    left: int = 0,
    refresh: float | None = None,
) -> Markup:
    """Return a report as HTML.

    Args:
        runs: the runs that it tells of, in the order of their colours.
        groups: their plots.
        galleries: their grids, in the same order.
        made: when they were read.
        left: how many quantities are not drawn.
        refresh: seconds after which the page loads itself again; None for one that is as it is.
    """
    script = Markup(_file("page.js"))
    title = f"{', '.join(run.name for run in runs)}: training report"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"{GENERATOR} {release_of()}"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(_file("page.css"))),
    )
    body = element(
        "body",
        element("a", "Skip to the runs", href="#runs", class_="skip"),
        _header(runs, made, refresh),
        _toolbar(runs),
        element(
            "main",
            overview_section(runs),
            warning_section(runs),
            grid_section(runs, galleries),
            curve_section(runs, groups, left),
            network_section(runs),
            spec_section(runs),
            session_section(runs),
        ),
        element("script", script),
        data_refresh=refresh,
    )
    return joined(Markup("<!DOCTYPE html>\n"), element("html", head, body, lang="en"), Markup("\n"))


def _policy(script: str) -> str:
    """Return the rule that forbids every request, and every script but the page's own."""
    digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}';"
        " base-uri 'none'; form-action 'none'"
    )


def _header(runs: Sequence[RunFacts], made: datetime, refresh: float | None) -> Markup:
    going = sum(run.goes_on for run in runs)
    words = [count(len(runs), "run"), *([f"{going} going on"] if going else [])]
    time = element("time", f"{made:%Y-%m-%d %H:%M:%S} UTC", datetime=made.isoformat(timespec="seconds"))
    return element(
        "header",
        element("h1", f"{runs[0].name}: training report" if len(runs) == 1 else "Training report"),
        element("p", f"{', '.join(words)} · read ", time, f" by hitzoo {release_of()}", class_="quiet"),
        _refreshing(refresh) if refresh is not None else None,
    )


def _refreshing(seconds: float) -> Markup:
    return element(
        "p",
        f"This page loads itself again every {seconds:g} s while a run goes on. ",
        element("button", "Pause", type="button", id="pause", aria_pressed="false"),
        class_="quiet",
        hidden=True,
        data_script=True,
    )


def _toolbar(runs: Sequence[RunFacts]) -> Markup:
    """Return the links to sections, and what moves all plots: which runs are seen, and where values are read."""
    links = [element("li", element("a", name, href=f"#{name.lower()}")) for name in _SECTIONS]
    boxes = [
        element(
            "label",
            element("input", type="checkbox", checked=True, data_show=place),
            element("span", class_=f"swatch run-{place % 6}", aria_hidden="true"),
            run.name,
        )
        for place, run in enumerate(runs)
    ]
    return element(
        "div",
        element("nav", element("ul", links), aria_label="Sections"),
        element(
            "div",
            element("fieldset", element("legend", "Runs shown", class_="unseen"), boxes) if len(runs) > 1 else None,
            element("label", "Values at", for_="cursor"),
            element("input", type="range", id="cursor", min=0, max=1000, value=1000),
            element("output", "the end", id="cursor-at", for_="cursor"),
            element("label", "Colours", for_="theme"),
            element(
                "select",
                [
                    element("option", words, value=value)
                    for value, words in (("", "as the system"), ("light", "light"), ("dark", "dark"))
                ],
                id="theme",
            ),
            class_="bar",
            hidden=True,
            data_script=True,
        ),
        class_="toolbar",
    )


def _file(name: str) -> str:
    return files("hitzoo.report").joinpath(name).read_text(encoding="utf-8")
