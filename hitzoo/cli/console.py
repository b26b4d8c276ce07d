"""Printing for the verbs: tables, messages, formatted numbers. Only this file, `table` and `progress` import rich."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from hitzoo.cli.encoding import encodable, is_unicode
from hitzoo.cli.output import print_exactly
from hitzoo.cli.table import Cell, lay_out
from hitzoo.cli.wrapping import wrapped
from hitzoo.escape import one_line, visible, visible_json

_UNBOUNDED = 1_000_000  # columns
_PALE = ("yellow", "bright_yellow", "white", "bright_white")
_WIDTH_OF_FILES = 120  # columns of text that is only read


class VisibleConsole(Console):
    """A console that escapes control characters in its input; rich's own are separate segments."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render segments without characters that a terminal would obey."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(self.printable(segment.text), readable(segment.style))

    def printable(self, text: str) -> str:
        """Escape a text for this console's encoding and for terminals."""
        return encodable(visible(text), self.encoding)


def readable(style: Style | None) -> Style | None:
    """Adapt a style to light and dark backgrounds: no dim text, and bold instead of yellow."""
    if style is None:
        return None
    if style.color is not None and style.color.name in _PALE:
        style += Style(color="default", bold=True)
    return style + Style(dim=False) if style.dim else style


def console(*, stderr: bool = False) -> VisibleConsole:
    """Create a console; NO_COLOR and pipes are respected."""
    stream = sys.stderr if stderr else sys.stdout
    width = _columns_asked() or (None if stream.isatty() else _UNBOUNDED)  # None follows the terminal's size
    file = getattr(stream, "rich_proxied_file", None)
    return VisibleConsole(file=file, stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def output_width(*, stderr: bool = False) -> int | None:
    """Width of the output in columns: COLUMNS if set, else the terminal's; None in pipes and files."""
    output = console(stderr=stderr)
    return _columns_asked() or (output.width if output.is_terminal else None)


def _columns_asked() -> int | None:
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 7 and int(asked) else None


def print_error(message: str) -> None:
    """Print a message to stderr, red if there is colour; wrapped between words, so that paths can be copied."""
    for line in message.split("\n"):
        _print(one_line(line), style="red", stderr=True)


def print_json(data: Any) -> None:
    """Print JSON to standard output, in ASCII unless the encoding is UTF-8."""
    plain = not is_unicode(getattr(sys.stdout, "encoding", None) or "utf-8")
    sys.stdout.write(visible_json(json.dumps(data, indent=2, ensure_ascii=plain)) + "\n")


def print_document(text: str) -> None:
    """Print a document, such as a spec; exactly if the output is a file."""
    print_exactly(text if text.endswith("\n") else text + "\n")


def print_table(
    columns: Sequence[str],
    sections: Sequence[Sequence[Sequence[Cell]]],
    *,
    words: Collection[int],
    last_to_go: Sequence[int] = (),
) -> None:
    """Print rows in sections under one header; the columns in `words` hold words, the others numbers.

    A cell may hold several forms of one value, the longest first. If the output is narrow, shorter forms are used,
    then columns are dropped: those of `last_to_go` after all others (the last of these first), the rest from the
    right. The first column and numbers are never cut; in a pipe, nothing is.
    """
    output = console()
    terminal = output.is_terminal
    lines = lay_out(
        [output.printable(one_line(column)) for column in columns],
        [[[_seen_cell(cell, output) for cell in row] for row in section] for section in sections],
        words=words,
        last_to_go=last_to_go,
        width=output_width(),
        wraps=terminal,
        rule="─" if is_unicode(output.encoding) else "-",
    )
    for index, line in enumerate(lines):
        output.print(Text(line, style="bold" if index == 0 else ""), soft_wrap=True)


def print_line(text: str, *, style: str = "", stderr: bool = False) -> None:
    """Print a line, wrapped between words on a terminal; a longer word, such as a path, is kept whole."""
    _print(one_line(text), style=style, stderr=stderr)


def print_kept(text: str, *, bold: bool = False) -> None:
    """Print a line as it is."""
    output = console()
    output.print(Text(output.printable(text), style="bold" if bold else ""), soft_wrap=True)


def print_blank() -> None:
    """Print an empty line."""
    console().print()


def print_field(label: str, value: str, *, width: int = 12) -> None:
    """Print a label and its value, with a hanging indent."""
    _print(f"  {label:<{width}}{one_line(value)}", hang=width + 2)


def print_paragraph(text: str) -> None:
    """Print text for reading, not copying: wrapped in files too."""
    _print(one_line(text), width=output_width() or _WIDTH_OF_FILES)


def number(value: float) -> str:
    """Format a number as `46,217,670`; empty for 0."""
    return f"{value:,}" if value else ""


def number_forms(value: float) -> Cell:
    """Format a number as `46,217,670`, and as `46.2 M` for narrow output; empty for 0."""
    return (number(value), flops(value))


def count(value: int, what: str) -> str:
    """Format a count: `1 image`, `2,000 images`."""
    return f"{value:,} {what}{'' if value == 1 else 's'}"


def flops(value: float) -> str:
    """Format FLOPs as `26.7 G`, in powers of 1000; empty for 0."""
    return _scaled(value, 1000, ("", " k", " M", " G", " T", " P"))


def size(value: float) -> str:
    """Format bytes as `23.1 MB`, in powers of 1000; empty for 0."""
    return _scaled(value, 1000, (" B", " kB", " MB", " GB", " TB", " PB"))


def duration(seconds: float) -> str:
    """Format seconds as `1:02:03`, or `2:03` under an hour."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{last:02}" if hours else f"{minutes}:{last:02}"


def _print(
    text: str, *, style: str = "", stderr: bool = False, hang: int | None = None, width: int | None = None
) -> None:
    output = console(stderr=stderr)
    width = output_width(stderr=stderr) if output.is_terminal else width
    for line in wrapped(output.printable(text), width, hang):
        output.print(Text(line, style=style), soft_wrap=True)


def _seen_cell(cell: Cell, output: VisibleConsole) -> tuple[str, ...]:
    forms = (cell,) if isinstance(cell, str) else cell
    return tuple(output.printable(one_line(form)) for form in forms)


def _scaled(value: float, base: int, units: Sequence[str]) -> str:
    if not value:
        return ""
    power = 0
    while abs(value) >= base and power < len(units) - 1:
        value /= base
        power += 1
    return f"{value:.3g}{units[power]}" if value < 999.5 else f"{value:.0f}{units[power]}"
