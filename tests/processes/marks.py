"""The mark `processes`: set where a fixture starts an interpreter, and asked for wherever else one is started."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import subprocess
import sys
import traceback
from typing import Any

import pytest

STARTING = frozenset({"start_hitzoo", "two_processes", "wheel"})
"""Fixtures that start an interpreter for each test that has them, or for the first of several."""

_running: list[pytest.Item] = []


def mark(items: list[pytest.Item]) -> None:
    """Mark what has a fixture of `STARTING`, also by way of another fixture."""
    for item in items:
        if STARTING.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.processes)


def running(item: pytest.Item) -> None:
    """What is started from now on is this test's."""
    _running[:] = [item]


def watch_starts() -> None:
    """From now on, a test without the mark fails as it starts an interpreter."""
    popen, process = subprocess.Popen.__init__, multiprocessing.process.BaseProcess.start

    def start_program(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        words = args if isinstance(args, (list, tuple)) else [args]
        if any(sys.executable in str(word) for word in words) and not _by_the_compiler():
            _ask_for_the_mark()
        popen(self, args, *rest, **options)

    def start_process(self: Any) -> None:
        if (self._start_method or multiprocessing.get_start_method()) == "spawn":
            _ask_for_the_mark()
        process(self)

    subprocess.Popen.__init__ = start_program  # type: ignore[method-assign]
    multiprocessing.process.BaseProcess.start = start_process  # type: ignore[method-assign]


def _by_the_compiler() -> bool:
    """True below torch's compiler, which starts interpreters in some releases and not in others."""
    return any("_inductor" in frame.filename for frame in traceback.extract_stack())


def _ask_for_the_mark() -> None:
    if _running and _running[0].get_closest_marker("processes") is None:
        pytest.fail(f"{_running[0].nodeid} starts a process of Python and is not marked `processes`")
