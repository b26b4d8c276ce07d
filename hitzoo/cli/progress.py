"""What moves while something takes time: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from hitzoo.cli.console import console

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


@contextmanager
def telling(what: str) -> Iterator[Callable[[str], None]]:
    """As `working`, with words that change."""
    output = console(stderr=True)
    if not output.is_terminal:
        yield lambda words: None
        return
    with output.status(what) as status:
        yield status.update


def _bar() -> Progress:
    output = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=output, transient=True, disable=not output.is_terminal)
