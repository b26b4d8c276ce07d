"""Wrapping between words: quoted text and words longer than a line stay whole, so that they can be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"`[^`]*`\S*|'[^' ]*(?: [^' ]*)*'(?=[\s.,;:)]|$)\S*|\S+")


def wrapped(text: str, width: int | None, hang: int | None = None) -> list[str]:
    """Wrap one line to `width` columns; lines after the first are indented by `hang` spaces.

    Without a width it stays one line. Without `hang`, lines are indented like the first.
    """
    from rich.cells import cell_len

    if width is None or cell_len(text) <= width:
        return [text]
    start = len(text) - len(text.lstrip(" "))
    indent = " " * min(start if hang is None else hang, width // 2)
    lines, line = [], text[:start]
    end = start
    for word, gap in _words(text, start, width):
        if end > start and cell_len(line + gap + word) > width:
            lines.append(line)
            line = indent + word
        else:
            line += gap + word
        end += len(gap + word)
    return [*lines, line]


def _words(text: str, start: int, width: int) -> Iterator[tuple[str, str]]:
    """Split into words with the spaces before each; quoted text is one word if a line can hold it."""
    end = start
    while match := _WORD.search(text, end):
        word, gap = match[0], text[end : match.start()]
        if " " in word and len(word) > width - start:
            word = word.split(" ", 1)[0]
        yield word, gap
        end = match.start() + len(word)
