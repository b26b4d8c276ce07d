"""A table fitted to the width: columns are dropped by priority, the first one and numbers are never cut."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rich.cells import cell_len

from hitzoo.cli.wrapping import wrapped

Cell: TypeAlias = str | tuple[str, ...]
"""A value, or its forms from the longest to the shortest."""

_EDGE = " "  # before every row
_GAP = 2  # columns between columns
_NARROWEST = 16  # columns in which wrapped words remain readable


@dataclass
class _Table:
    """Remaining columns of a table while it is fitted; columns keep their numbers."""

    heads: Sequence[str]
    sections: Sequence[Sequence[Sequence[tuple[str, ...]]]]
    words: Collection[int]
    shown: list[int] = field(default_factory=list)
    form: int = 0
    room: int | None = None  # the width of the last column, if it is wrapped

    def text(self, row: Sequence[tuple[str, ...]], column: int) -> str:
        forms = row[column]
        return forms[min(self.form, len(forms) - 1)]

    def natural(self, column: int) -> int:
        cells = (self.text(row, column) for section in self.sections for row in section)
        return max([cell_len(self.heads[column]), *map(cell_len, cells)])

    def width(self) -> int:
        columns = [self.natural(column) for column in self.shown]
        if self.room is not None:
            columns[-1] = self.room
        return len(_EDGE) + sum(columns) + _GAP * (len(columns) - 1)


def lay_out(
    heads: Sequence[str],
    sections: Sequence[Sequence[Sequence[tuple[str, ...]]]],
    *,
    words: Collection[int],
    last_to_go: Sequence[int] = (),
    width: int | None = None,
    wraps: bool = False,
    rule: str = "-",
) -> list[str]:
    """Lay out the lines of the table: header, rule, and sections separated by an empty line.

    Args:
        heads: a title for each column.
        sections: rows of cells, each in its forms.
        words: columns that hold words and are left-aligned.
        last_to_go: columns that are dropped last, the most important first.
        width: available width in characters; None for unlimited.
        wraps: the last column may be wrapped if it holds words, instead of being dropped.
        rule: character of the line under the header.
    """
    table = _Table(heads, sections, words)
    table.shown = [0, *(column for column in range(1, len(heads)) if _is_said(table, column))]
    if width is not None:
        _make_fit(table, width, last_to_go, wraps)
    widths = [table.natural(column) for column in table.shown]
    if table.room is not None:
        widths[-1] = table.room
    lines = _row(table, [heads[column] for column in table.shown], widths)
    lines.append(_EDGE + (" " * _GAP).join(rule * length for length in _rule_lengths(table, widths)))
    for index, section in enumerate(sections):
        lines += [""] if index else []
        for row in section:
            lines += _row(table, [table.text(row, column) for column in table.shown], widths)
    return lines


def _rule_lengths(table: _Table, widths: Sequence[int]) -> list[int]:
    """Lengths of the rule: as wide as the columns; under final words, which may be long, as wide as their header."""
    last = table.shown[-1]
    return [*widths[:-1], cell_len(table.heads[last]) if last in table.words else widths[-1]]


def _is_said(table: _Table, column: int) -> bool:
    """True if any row has a value there."""
    return any(table.text(row, column) for section in table.sections for row in section)


def _make_fit(table: _Table, width: int, last_to_go: Sequence[int], wraps: bool) -> None:
    """Wrap the last column, use shorter forms, drop columns, in this order, until the table fits."""
    kept = [column for column in last_to_go if column in table.shown]
    going = [*kept, *(column for column in table.shown[1:] if column not in kept)]  # the last of these goes first
    while table.width() > width:
        if wraps and _wrap_last(table, width):
            return
        if table.form == 0 and any(len(cell) > 1 for section in table.sections for row in section for cell in row):
            table.form = 1
        elif going:
            table.shown.remove(going.pop())
        else:
            return


def _wrap_last(table: _Table, width: int) -> bool:
    """Give the last column the remaining width, if it holds words and stays readable."""
    last = table.shown[-1]
    if last not in table.words or len(table.shown) < 2:
        return False
    taken = len(_EDGE) + sum(table.natural(column) + _GAP for column in table.shown[:-1])
    if width - taken < max(_NARROWEST, cell_len(table.heads[last])):
        return False
    table.room = width - taken
    return True


def _row(table: _Table, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Lines of one row; several if its last cell is wrapped."""
    *others, last = cells
    parts = wrapped(last, table.room)
    before = _EDGE + "".join(
        _padded(cell, widths[index], table.shown[index] in table.words) for index, cell in enumerate(others)
    )
    if table.shown[-1] not in table.words:
        parts = [" " * (widths[-1] - cell_len(last)) + last]
    return [((before if index == 0 else " " * cell_len(before)) + part).rstrip() for index, part in enumerate(parts)]


def _padded(cell: str, width: int, is_word: bool) -> str:
    spaces = " " * (width - cell_len(cell))
    return (cell + spaces if is_word else spaces + cell) + " " * _GAP
