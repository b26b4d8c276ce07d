"""Does the same work on many things in several processes, and gives the results in the order of the things."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")

_WAITING = 3  # things for each process that are begun or waiting: enough to keep it busy, few enough to hold

_work: Callable[[Any], Any]  # of a worker process, set when it begins


def in_order(work: Callable[[Thing], Result], things: Iterable[Thing], *, processes: int) -> Generator[Result]:
    """`work` of each thing, in order; with one process in this one, else `work` is sent to each of them once.

    At most `3 · processes` things are in the making or waiting to be taken. What `work` raises is raised here at its
    turn. Close the iterator (`contextlib.closing`) to be rid of the processes before the end.

    Raises:
        BrokenProcessPool: a process was killed.
    """
    if processes == 1:
        yield from map(work, things)
        return
    # A fork would copy the threads' locks (a progress bar has a thread), so every process starts from nothing.
    context = multiprocessing.get_context("spawn")
    with interrupts_held():  # what keeps account of its locks is a process too
        pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(work,))
    waiting: deque[Future[Result]] = deque()
    try:
        for thing in things:
            with interrupts_held():
                waiting.append(pool.submit(_do, thing))
            if len(waiting) == _WAITING * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    behave_as_worker()


def behave_as_worker() -> None:
    """What every process that is started for another one does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the first one decides
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _do(thing: Any) -> Any:
    return _work(thing)


def _leave_with_parent() -> None:
    """A parent that is killed can no longer send its workers home."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let a process that begins meanwhile inherit a deaf ear for Ctrl-C and a closed terminal; ours come afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
