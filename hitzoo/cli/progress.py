"""What moves while something takes time: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from hitzoo.cli.render import console, duration

if TYPE_CHECKING:
    from hitzoo.training.metrics import Record
    from hitzoo.training.report import RunStart


Following: TypeAlias = Callable[[int, int], None]
"""Told (done, total) each time."""


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of `total` things on the error stream; nothing where that is no terminal."""
    with _bar() as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def following(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told (done, total) each time."""
    with _bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def transferring(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told (bytes done, bytes in all) each time, and is there from the first time on."""
    output = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=output, transient=True, disable=not output.is_terminal) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Words with a sign of life on the error stream, where nothing is counted; nothing where that is no terminal."""
    output = console(stderr=True)
    if not output.is_terminal:
        yield
        return
    with output.status(what):
        yield


def _bar() -> Progress:
    output = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=output, transient=True, disable=not output.is_terminal)


class TrainingDisplay:
    """A run's reporter: a live panel on a terminal, a plain line a record elsewhere."""

    def __init__(self) -> None:
        self._console = console()
        self._live: Live | None = None
        self._bar: Progress | None = None
        self._start: RunStart | None = None
        self._began = time.monotonic()
        self._silent = False

    def __enter__(self) -> TrainingDisplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def started(self, start: RunStart) -> None:
        """Say what runs; open the panel."""
        self._start, self._began = start, time.monotonic()
        self.noted(
            f"{start.name} on {start.device}: {start.images:,} images of {start.data}, batch {start.batch_size}"
            f"{_spread(start)} steps {start.first + 1:,} to {start.last:,} ({start.last * start.batch_size:,} images),"
            f" into {start.folder}"
        )
        if self._console.is_terminal:
            columns = (TextColumn("step"), MofNCompleteColumn(), BarColumn(bar_width=None))
            self._bar = Progress(*columns, console=self._console, expand=True)
            self._bar.add_task("", total=start.last, completed=start.first)
            self._live = Live(self._bar, console=self._console, refresh_per_second=4)
            self._live.start()

    def recorded(self, record: Record) -> None:
        """Show the newest numbers."""
        self._try(lambda: self._show(record))

    def noted(self, message: str) -> None:
        """A line above the panel."""
        self._try(lambda: self._console.print(Text(message), soft_wrap=True))

    def _try(self, draw: Callable[[], None]) -> None:
        """A run of days does not end because nobody can read its display: it goes on in silence, its files tell."""
        if self._silent:
            return
        try:
            draw()
        except (OSError, SystemExit):  # rich leaves where a pipe is broken
            self._silent = True

    def _show(self, record: Record) -> None:
        if self._live is None or self._bar is None:
            self._console.print(Text(self._line(record)), soft_wrap=True)
            return
        self._bar.update(self._bar.task_ids[0], completed=record.step)
        self._live.update(Group(self._panel(record), self._bar))

    def _line(self, record: Record) -> str:
        last = self._start.last if self._start else record.step
        return "  ".join(
            [f"step {record.step:,}/{last:,}", *(f"{name} {value}" for name, value in self._facts(record))]
        )

    def _panel(self, record: Record) -> Table:
        table = Table.grid(padding=(0, 2))
        facts = self._facts(record)
        table.add_row(*(Text(name, style="dim") for name, _ in facts))
        table.add_row(*(Text(value, style="bold") for _, value in facts))
        return table

    def _facts(self, record: Record) -> list[tuple[str, str]]:
        return [
            ("images", f"{record.images:,}"),
            ("img/s", f"{record.images_per_second:.1f}"),
            *([("data wait", f"{record.data_wait:.0%}")] if record.data_wait >= _WAIT_WORTH_SHOWING else []),
            *((_SHORT.get(name, name), f"{value:.3f}") for name, value in record.losses.items()),
            *(
                [("D(real)", f"{record.d_real:+.2f}"), ("D(fake)", f"{record.d_fake:+.2f}")]
                if record.losses
                else [("losses", "not finite")]
            ),
            *([("skipped", str(record.skipped))] if record.skipped else []),
            ("left", duration(self._seconds_left(record))),
        ]

    def _seconds_left(self, record: Record) -> float:
        """From the speed since the start, which is steadier than the last few steps'."""
        if self._start is None:
            return 0.0
        done = max(record.step - self._start.first, 1)
        return (time.monotonic() - self._began) / done * (self._start.last - record.step)


def _spread(start: RunStart) -> str:
    """How the batch is worked off, where it is not in one go."""
    share = start.batch_size // start.processes
    devices = f" on {start.processes} processes" if start.processes > 1 else ""
    pieces = f", {start.at_once} images at once" if start.at_once not in (None, share) else ""
    return f"{devices}{pieces},"


_WAIT_WORTH_SHOWING = 0.01  # of the time
_SHORT = {"generator": "loss G", "discriminator": "loss D", "r1": "R1", "bcr": "bCR"}
