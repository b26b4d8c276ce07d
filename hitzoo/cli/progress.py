"""Progress bars and spinners, on terminals only, and by the first of several processes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
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
from hitzoo.cli.process import is_first

Following: TypeAlias = Callable[[int, int], None]
"""Told (done, total) each time."""


@contextmanager
def count_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar of `total` items on stderr, if that is a terminal."""
    with _bar() as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar that is updated with (done, total)."""
    with _bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def transfer_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar from the first update with (bytes done, total bytes) on."""
    output = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=output, transient=True, disable=not _is_shown(output)) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def spinner(what: str) -> Iterator[None]:
    """Show a spinner with a message on stderr, if that is a terminal."""
    output = console(stderr=True)
    if not _is_shown(output):
        yield
        return
    with output.status(what):
        yield


@contextmanager
def status_spinner(what: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner whose message can change."""
    output = console(stderr=True)
    if not _is_shown(output):
        yield lambda words: None
        return
    with output.status(what) as status:
        yield status.update


def _is_shown(output: Console) -> bool:
    return output.is_terminal and is_first()


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
    return Progress(*columns, console=output, transient=True, disable=not _is_shown(output))
