"""What the verbs print: tables, messages, numbers in words. Only this file and `progress` import rich."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 120  # columns, where the output is no terminal


def console(*, stderr: bool = False) -> Console:
    """Where to print; NO_COLOR and pipes are respected."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else _WIDTH_OF_FILES, highlight=False, soft_wrap=False)


def print_error(message: str) -> None:
    """One message, red where there is colour, wrapped nowhere so that paths can be copied."""
    console(stderr=True).print(Text(message, style="red"), soft_wrap=True)


def print_json(data: Any) -> None:
    """Plain JSON on standard output."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def print_table(columns: Sequence[str], sections: Sequence[Sequence[Sequence[str]]], *, words: Collection[int]) -> None:
    """Rows in sections under one head; the columns numbered in `words` hold words, the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        last = index == len(columns) - 1
        table.add_column(column, justify="left" if index in words else "right", no_wrap=not last)
    for section in sections:
        for row in section:
            table.add_row(*row)
        table.add_section()
    console().print(table)


def print_line(text: str, *, style: str = "") -> None:
    """One line, wrapped by the terminal only."""
    console().print(Text(text, style=style), soft_wrap=True)


def print_paragraph(text: str) -> None:
    """Words that are for reading, not copying: wrapped at the width of the output."""
    console().print(Text(text, style="dim"))


def number(value: float) -> str:
    """`46,217,670`; nothing for 0."""
    return f"{value:,}" if value else ""


def count(value: int, what: str) -> str:
    """`1 image`, `2,000 images`."""
    return f"{value:,} {what}{'' if value == 1 else 's'}"


def flops(value: float) -> str:
    """`26.7 G`, in powers of 1000; nothing for 0."""
    return _scaled(value, 1000, ("", " k", " M", " G", " T", " P"))


def size(value: float) -> str:
    """`23.1 MB`, in powers of 1000; nothing for 0."""
    return _scaled(value, 1000, (" B", " kB", " MB", " GB", " TB", " PB"))


def duration(seconds: float) -> str:
    """`1:02:03`, or `2:03` under an hour."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{last:02}" if hours else f"{minutes}:{last:02}"


def _scaled(value: float, base: int, units: Sequence[str]) -> str:
    if not value:
        return ""
    power = 0
    while abs(value) >= base and power < len(units) - 1:
        value /= base
        power += 1
    return f"{value:.3g}{units[power]}" if value < 999.5 else f"{value:.0f}{units[power]}"
