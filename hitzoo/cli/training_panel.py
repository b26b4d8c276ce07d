"""The panel of a run on a terminal: the newest numbers, a progress bar, and how to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hitzoo.cli.console import duration
from hitzoo.cli.number_format import figures
from hitzoo.cli.pace import Pace, about

_GAP = 2  # columns between two facts
_ECHO = 8  # columns left free at the end: a terminal writes ^C there, and must not wrap for it


class TrainingPanel:
    """Panel redrawn several times per second from the latest values, as wide as the terminal is then."""

    def __init__(self, pace: Pace, stopping: Callable[[], bool]) -> None:
        self.pace, self.stopping = pace, stopping
        self.facts: Sequence[tuple[str, str]] = ()
        self.busy = ""
        self.over = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = _fitting(self.facts, options.max_width)
        if shown:
            table = Table.grid(padding=(0, _GAP))
            table.add_row(*(Text(name, style="dim") for name, _ in shown))
            table.add_row(*(Text(value, style="bold") for _, value in shown))
            yield table
        yield self._bar()
        if self.over:
            return
        hint = Text(self._hint(), style="dim", no_wrap=True, overflow="ellipsis")
        hint.truncate(max(1, options.max_width - _ECHO), overflow="ellipsis")
        yield hint

    def _bar(self) -> Table:
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        row.add_column(no_wrap=True)
        bar = ProgressBar(total=self.pace.last, completed=self.pace.step, width=None)
        row.add_row(
            f"step {self.pace.step:,}/{self.pace.last:,}", bar, f"time {duration(time.monotonic() - self.pace.began)}"
        )
        return row

    def _hint(self) -> str:
        """Hint, most important words first: it is cut at the right."""
        if self.stopping():
            return "stopping after this step, then saving"
        left, each = self.pace.seconds_left(time.monotonic()), self.pace.seconds_per_step
        if self.busy:
            known = self.busy
        elif left is None or each is None:
            known = "the first step"
        else:
            known = f"{figures(each)} s/step, left {'about ' if self.pace.can_promise() else 'perhaps '}{about(left)}"
        return f"{known}; Ctrl-C stops and saves"


def _fitting(facts: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Return the first facts that fit side by side."""
    shown: list[tuple[str, str]] = []
    used = 0
    for name, value in facts:
        used += max(len(name), len(value)) + (_GAP if shown else 0)
        if used > width:
            break
        shown.append((name, value))
    return shown
