"""Tables of a page: with a caption, heads for rows and columns, and a frame that scrolls, by keys too."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.report.markup import Content, Markup, element


def table(
    caption: str,
    heads: Sequence[Content],
    rows: Sequence[Sequence[Content]],
    *,
    words: Sequence[int] = (0,),
    titled: bool = False,
) -> Markup:
    """Return a table; the first cell of a row is its head, columns outside `words` hold numbers.

    The caption of one that is `titled` by what stands above is not seen, but read out.
    """
    head = element("tr", [element("th", name, scope="col", **_kind(place, words)) for place, name in enumerate(heads)])
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            [element("td", cell, **_kind(place, words)) for place, cell in enumerate(row[1:], 1)],
        )
        for row in rows
    ]
    drawn = element(
        "table",
        element("caption", caption, class_="unseen" if titled else None),
        element("thead", head),
        element("tbody", body),
    )
    return element("div", drawn, class_="wide", role="region", aria_label=caption, tabindex=0)


def _kind(place: int, words: Sequence[int]) -> dict[str, str]:
    return {} if place in words else {"class_": "number"}
