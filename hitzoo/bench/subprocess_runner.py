"""A path that runs in a process of its own, so that its memory is its own too.

On CPUs a process whose allocator once kept freed memory serves later calls from it, whatever its habits are then: in
the same process as the fast path, the plain one measured a third faster than alone (docs/benchmarks.md).
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Protocol

import torch

from hitzoo.bench.variants import Call, Caller
from hitzoo.data.parallel_map import behave_as_worker, interrupts_held


class Calls(Protocol):
    """What measures calls, wherever they are made."""

    def seconds(self, call: Call) -> float:
        """Of one call."""

    def peak_bytes(self, call: Call) -> int:
        """The most bytes that one call holds."""


@contextmanager
def callers(paths: Sequence[str], device: torch.device) -> Iterator[dict[str, Calls]]:
    """One for each path: on CPUs the plain one in a process of its own, else all in this one.

    The processes take turns, and one that waits takes no time from the other.
    """
    with ExitStack() as stack:
        yield {
            path: stack.enter_context(_elsewhere(path, device))
            if path == "plain" and device.type == "cpu"
            else Caller(path, device)
            for path in paths
        }


@contextmanager
def _elsewhere(path: str, device: torch.device) -> Iterator[Calls]:
    context = multiprocessing.get_context("spawn")
    given = (path, str(device), torch.get_num_threads())
    pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=given)
    try:
        yield _Elsewhere(pool)
    finally:
        pool.shutdown(cancel_futures=True)


class _Elsewhere:
    """Sends calls to the one process of a pool."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def seconds(self, call: Call) -> float:
        with interrupts_held():
            waiting = self._pool.submit(_seconds, call)
        return waiting.result()

    def peak_bytes(self, call: Call) -> int:
        with interrupts_held():
            waiting = self._pool.submit(_peak_bytes, call)
        return waiting.result()


_caller: Caller  # of a process that was started here


def _begin(path: str, device: str, threads: int) -> None:
    global _caller
    behave_as_worker()
    torch.set_num_threads(threads)
    _caller = Caller(path, torch.device(device))


def _seconds(call: Call) -> float:
    return _caller.seconds(call)


def _peak_bytes(call: Call) -> int:
    return _caller.peak_bytes(call)
