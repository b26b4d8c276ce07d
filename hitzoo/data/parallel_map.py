"""Does the same function on many items in several processes, and gives the results in the order of the items."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any, TypeVar

from hitzoo.errors import DataError
from hitzoo.runtime.launcher import launch_environment

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_WORKERS = 1024  # processes that may be asked for

_PATIENCE = 2.0  # seconds from a SIGTERM, which may have reached the whole group, to the end of a worker
_WORTH_A_PROCESS = 64  # images; a process takes about as long to start
_PER_PROCESS = 3  # items in flight per process: enough to keep it busy, few enough to hold

_function: Callable[[Any], Any]  # of a worker process, set when it starts


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item], *, processes: int) -> Generator[Result]:
    """Map `function` over items, in order; a single process means this one, else each is sent `function` once.

    At most `3 · processes` items are in flight. An exception of `function` is raised here at its item's turn. Close the
    iterator (`contextlib.closing`) to stop the processes before the end.

    Raises:
        BrokenProcessPool: a process was killed.
    """
    if processes == 1:
        yield from map(function, items)
        return
    # A fork would copy the threads' locks (a progress bar has a thread), so processes are spawned.
    context = multiprocessing.get_context("spawn")
    with signals_blocked():  # the resource tracker is a process too
        pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(function,))
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            with signals_blocked():
                waiting.append(pool.submit(_do, item))
            if len(waiting) == _PER_PROCESS * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def parallel_parts(
    function: Callable[[range], Iterable[Result]], parts: Iterable[range], *, images: int, workers: int | None
) -> Generator[Result]:
    """Yield what `function` makes of every part, one after another, in `workers` processes; None: enough for `images`.

    Raises:
        DataError: a process was killed.
    """
    try:
        with closing(parallel_map(function, parts, processes=workers or enough_processes(images))) as results:
            for made in results:
                yield from made
    except BrokenProcessPool as error:
        raise DataError("a worker process was killed, perhaps for lack of memory; use fewer: --workers 1") from error


def enough_processes(images: int) -> int:
    """Return how many processes are worth their start: one per core that this process may use, fewer for few images."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(1, cores // launch_environment().local_size), 1 + images // _WORTH_A_PROCESS)


def _begin(function: Callable[[Any], Any]) -> None:
    global _function
    _function = function
    init_worker()


def init_worker() -> None:
    """Initialise a worker process: ignore Ctrl-C, finish what is being sent at SIGTERM, and exit with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent decides
    signal.signal(signal.SIGTERM, _exit_later)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_later(number: int, frame: FrameType | None) -> None:
    """Leave the parent time to stop this worker: one that dies while it sends half a result blocks its reader."""
    timer = threading.Timer(_PATIENCE, os._exit, (128 + number,))
    timer.daemon = True
    timer.start()


def _do(item: Any) -> Any:
    return _function(item)


def _exit_with_parent() -> None:
    """Exit when the parent is gone: a killed parent cannot stop its workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block SIGINT and SIGHUP so that a child started here inherits the mask; deliver them afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
