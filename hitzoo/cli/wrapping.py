"""Lines broken between words: what is quoted or longer than a line stays whole, so that it can be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"`[^`]*`\S*|'[^' ]*(?: [^' ]*)*'(?=[\s.,;:)]|$)\S*|\S+")


def wrapped(text: str, width: int | None, hang: int | None = None) -> list[str]:
    """The lines of one line that is to fit `width` columns; those after the first begin with `hang` spaces.

    Without a width it stays one line. Without `hang`, lines begin like the first.
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
    """The words with the spaces before each; what is quoted is one word where a line can hold it."""
    end = start
    while match := _WORD.search(text, end):
        word, gap = match[0], text[end : match.start()]
        if " " in word and len(word) > width - start:
            word = word.split(" ", 1)[0]
        yield word, gap
        end = match.start() + len(word)
