"""matplotlib's SVG as a part of a page: small, without identifiers that meet those of others, in the page's colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hitzoo.report.markup import Attribute, Markup, element
from hitzoo.report.plot import Scale, draw_for_page
from hitzoo.report.quantities import Plot

# Colours that nobody draws with; each becomes a variable of the page's style, which is light or dark.
_INK, _PALE = "#010203", "#030201"
_RUN: Final = "#0101{:02x}"

_DROPPED: Final = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>|<!--.*?-->| transform=\"rotate\(-0 [^\"]*\)\""
    r"|font-family: [^;\"]*;? ?",
    re.DOTALL,
)
_TAG: Final = re.compile(r"<[^>]*>")
_LONG_NUMBER: Final = re.compile(r"(\d\.\d\d)\d+")  # in points, of which a page shows a hundredth at best
_IDENTIFIER: Final = re.compile(r' id="([^"]*)"')
_OWN: Final = re.compile(r"(line|band)-\d+")
_REFERENCE: Final = re.compile(r'(xlink:href="#|url\(#)([^")]*)')
_SPACE: Final = re.compile(r"\s+")


def inline_svg(plot: Plot, *, description: str) -> Markup:
    """Return a plot as an `svg` element, with a title and a description for those who do not see it."""
    runs = sorted({line.run for line in plot.lines})
    drawn, scale = draw_for_page(plot, ink=_INK, pale=_PALE, colours={run: _RUN.format(run) for run in runs})
    head, body = _split(_DROPPED.sub("", drawn))
    words = {_INK: "var(--ink)", _PALE: "var(--grid)", **{_RUN.format(run): f"var(--run-{run % 6})" for run in runs}}
    content = _coloured(_renamed(_TAG.sub(_shortened, body), plot.key), words)
    return element(
        "svg",
        element("title", plot.title, id=f"{plot.key}-title"),
        element("desc", description, id=f"{plot.key}-desc"),
        Markup(_SPACE.sub(" ", content)),
        viewBox=head,
        role="img",
        aria_labelledby=f"{plot.key}-title",
        aria_describedby=f"{plot.key}-desc",
        xmlns="http://www.w3.org/2000/svg",
        **_placed(scale),
    )


def _split(svg: str) -> tuple[str, str]:
    """Return the size and what is inside."""
    size = re.search(r'viewBox="([\d. ]+)"', svg)
    begin, end = svg.index(">", svg.index("<svg")) + 1, svg.rindex("</svg>")
    return size[1] if size else "", svg[begin:end]


def _shortened(tag: re.Match[str]) -> str:
    """Cut the numbers of places; those between tags are labels."""
    return _LONG_NUMBER.sub(r"\1", tag[0])


def _renamed(body: str, key: str) -> str:
    """Keep what is referred to, under names of this plot's own, and make classes of the names of lines."""
    wanted = {found[2] for found in _REFERENCE.finditer(body)}

    def identifier(found: re.Match[str]) -> str:
        name = found[1]
        if _OWN.fullmatch(name):
            return f' class="{name.partition("-")[0]}" data-line="{name.partition("-")[2]}"'
        return f' id="{key}-{name}"' if name in wanted else ""

    return _REFERENCE.sub(lambda found: f"{found[1]}{key}-{found[2]}", _IDENTIFIER.sub(identifier, body))


def _coloured(body: str, words: Mapping[str, str]) -> str:
    for colour, word in words.items():
        body = body.replace(colour, word)
    return body


def _placed(scale: Scale) -> dict[str, Attribute]:
    """Return what a script needs to read values out of the drawing."""
    return {
        "data_data": " ".join(f"{value:.9g}" for value in scale.data),
        "data_frame": " ".join(f"{value:.6g}" for value in scale.frame),
        "data_log": scale.logarithmic,
    }
