"""Display of a run: a live panel on a terminal, lines elsewhere."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.status import Status
from rich.text import Text

from hitzoo.cli.console import console, duration
from hitzoo.cli.number_format import facts
from hitzoo.cli.pace import Pace, about, clock
from hitzoo.cli.training_panel import TrainingPanel
from hitzoo.escape import one_line

if TYPE_CHECKING:
    from hitzoo.training.run.events import RunStart
    from hitzoo.training.run.metrics import Record

_SLOW = 10.0  # seconds; a longer first step is reported, if there is no panel
_WORTH_SAYING = 60.0  # seconds; no estimate for shorter runs


class TrainingDisplay:
    """A run's reporter: a live panel on a terminal, updated every step; elsewhere a plain line per record."""

    def __init__(self, *, heard: bool = True) -> None:
        """Create a display; with `heard` false it prints nothing: of several processes only one shows the run."""
        self._console = console()
        self._status: Status | None = None
        self._live: Live | None = None
        self._panel: TrainingPanel | None = None
        self._pace: Pace | None = None
        self._promised = False
        self._silent = not heard

    def __enter__(self) -> TrainingDisplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_status()
        if self._live is not None and self._panel is not None:
            self._panel.over = True
            self._try(self._live.stop)

    @contextmanager
    def loading(self, what: str) -> Iterator[None]:
        """Show a spinner before the first news; on a terminal only."""
        self._begin_status(what)
        try:
            yield
        finally:
            self._stop_status()

    def getting_ready(self, what: str) -> None:
        """Announce that the program is loaded and prepares the run: a line on stderr if there is no terminal."""
        if self._console.is_terminal:
            self._begin_status(what)
        else:
            self._try(lambda: console(stderr=True).print(Text(what), soft_wrap=True))

    def started(self, start: RunStart) -> None:
        """Print what runs, and open the panel."""
        self._stop_status()
        self._pace, self._promised = Pace(start.first, start.last, time.monotonic()), False
        self.noted(
            f"{start.name} on {start.device}: {start.images:,} images of {start.data}, batch {start.batch_size}"
            f"{_spread(start)} steps {start.first + 1:,} to {start.last:,} ({start.last * start.images_per_step:,}"
            f" images), into {start.folder}"
        )
        if self._console.is_terminal:
            self._panel = TrainingPanel(self._pace, start.stopping)
            self._live = Live(self._panel, console=self._console, refresh_per_second=4)
            self._try(self._live.start)

    def stepped(self, step: int) -> None:
        """Advance, and estimate the end as soon as that is possible."""
        if self._pace is None:
            return
        now = time.monotonic()
        self._pace.stepped(step, now)
        if self._panel is not None:
            self._panel.busy = ""
        elif self._pace.done == 1 and now - self._pace.began >= _SLOW:
            self.noted(f"the first step took {about(now - self._pace.began)}; the next ones are usually faster")
        if not self._promised and self._pace.can_promise():
            self._promised = True
            self._foretell(self._pace, now)

    def busy(self, what: str) -> None:
        """Show that something slow happens between two steps."""
        if self._panel is not None:
            self._panel.busy = what

    def recorded(self, record: Record) -> None:
        """Show the newest numbers."""
        if self._panel is not None:
            self._panel.facts = facts(record)
        else:
            self._try(lambda: self._console.print(Text(self._line(record)), soft_wrap=True))

    def noted(self, message: str) -> None:
        """Print a message above the panel, wrapped on a terminal, one line elsewhere. Line ends are escaped."""
        message = one_line(message)
        if self._console.is_terminal:
            whole = textwrap.TextWrapper(self._console.width, break_long_words=False, break_on_hyphens=False)
            message = whole.fill(message)
        self.copied(message)

    def copied(self, line: str) -> None:
        """Print a line for copying, such as a command: only the terminal wraps it."""
        self._try(lambda: self._console.print(Text(line), soft_wrap=True))

    def _foretell(self, pace: Pace, now: float) -> None:
        left, each = pace.seconds_left(now), pace.seconds_per_step
        if left is not None and each is not None and left >= _WORTH_SAYING:
            self.noted(
                f"{about(each)} per step: {pace.last - pace.step:,} more take about {about(left)}, until {clock(left)};"
                " Ctrl-C stops and saves"
            )

    def _line(self, record: Record) -> str:
        now = time.monotonic()
        pace = self._pace or Pace(record.step, record.step, now)
        left = pace.seconds_left(now) or 0.0
        words = [
            f"step {record.step:,}/{pace.last:,}",
            f"at {datetime.now():%H:%M:%S}",
            f"time {duration(now - pace.began)}",
            *(f"{name} {value}" for name, value in facts(record)),
            f"left {duration(left)}",
        ]
        return "  ".join(words)

    def _begin_status(self, what: str) -> None:
        if self._console.is_terminal and not self._silent:
            self._status = self._console.status(Text(what))
            self._try(self._status.start)

    def _stop_status(self) -> None:
        if self._status is not None:
            self._try(self._status.stop)
            self._status = None

    def _try(self, draw: Callable[[], None]) -> None:
        """Draw; a run of days does not end because its display is gone: it continues silently and writes its files."""
        if self._silent:
            return
        try:
            draw()
        except (OSError, SystemExit):  # rich leaves where a pipe is broken
            self._silent = True


def _spread(start: RunStart) -> str:
    """Describe the batch's division into processes and micro-batches, if there is one."""
    share = start.batch_size // start.processes
    devices = f" on {start.processes} processes" if start.processes > 1 else ""
    pieces = f", {start.at_once} images at once" if start.at_once not in (None, share) else ""
    return f"{devices}{pieces},"
