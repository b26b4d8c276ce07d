"""Wait policy of CPU threads: spin on an idle machine, sleep beside other programs.

torch uses OpenMP threads. A waiting thread spins, which is fastest as long as each has a core. Beside another
program a spinning thread holds the core that the one it waits for needs, and everything takes 10 to 80 times as
long. libgomp, which torch's builds for Linux bring, hardly spins while a process has more OpenMP threads than
processors; so threads that only sleep are added while the machine is busy. The number of threads that compute stays as
it is, and with it every bit of the results.

Measured in docs/benchmarks.md.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STAT = Path("/proc/stat")
_SHARE = 0.25  # load of other programs, in processors, that slows spinning threads down
_INTERVAL = 1.0  # seconds between samples
_QUIET = 5  # consecutive idle samples before threads spin again


@dataclass(frozen=True)
class Usage:
    """Seconds of wall clock, and of processor time of this process and of all programs on its processors."""

    wall: float
    own: float
    total: float

    def others_since(self, before: Usage) -> float:
        """Load of other programs between two samples, in processors."""
        seconds = max(self.wall - before.wall, 1e-9)
        return max(0.0, (self.total - before.total) - (self.own - before.own)) / seconds


def processors() -> frozenset[int]:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def usage() -> Usage:
    """Sample the usage so far.

    Raises:
        OSError: not Linux, or /proc is hidden.
    """
    total = busy_seconds(_STAT.read_text(encoding="ascii"), processors(), with_nice=_is_nice())
    return Usage(wall=time.monotonic(), own=time.process_time(), total=total)


def busy_seconds(stat: str, counted: frozenset[int], *, with_nice: bool) -> float:
    """Seconds that these processors were busy since boot, from the text of /proc/stat.

    Programs of low priority yield, so they count only if this process has low priority too.
    """
    ticks = 0
    for line in stat.splitlines():
        name, *numbers = line.split()
        if name.startswith("cpu") and name[3:].isdecimal() and int(name[3:]) in counted:
            user, nice, system, _idle, _waiting, hard, soft, stolen, *_ = map(int, [*numbers, *"0" * 8])
            ticks += user + system + hard + soft + stolen + (nice if with_nice else 0)
    return ticks / os.sysconf("SC_CLK_TCK")


class WaitPolicy:
    """Lets the process's OpenMP threads spin or not, as the machine is idle or busy."""

    def __init__(self, look: Callable[[], Usage] = usage) -> None:
        self.crowd = IdleThreads()
        self._look = look
        self._before = look()
        self._quiet = 0

    def update(self) -> None:
        """Sample the machine's load and change the policy if needed."""
        torch = _loaded_torch()
        now = self._look()
        others, self._before = now.others_since(self._before), now
        if torch is None:
            return
        threads, room = torch.get_num_threads(), len(processors())
        busy = threads > 1 and others > room - threads + _SHARE
        self._quiet = 0 if busy else self._quiet + 1
        if busy:
            self.crowd.gather(torch, threads, room)
        elif self._quiet >= _QUIET:
            self.crowd.leave()


class IdleThreads:
    """Idle OpenMP threads, which make libgomp sleep instead of spin."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def __len__(self) -> int:
        return len(self._threads)

    def gather(self, torch: Any, threads: int, room: int) -> None:
        """Start more OpenMP threads than processors: each Python thread that computes brings a team of its own."""
        if self._threads:
            return
        self._over.clear()
        teams = max(0, room - threads) // (threads - 1) + 1
        for _ in range(teams):
            thread = threading.Thread(target=self._stay, args=(torch,), name="hitzoo-wait-policy", daemon=True)
            self._threads.append(thread)
            thread.start()

    def leave(self) -> None:
        """Stop the threads; their teams end with them."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _stay(self, torch: Any) -> None:
        torch.ones(1 << 21).add_(1)  # large enough that every thread of the team gets a piece
        self._over.wait()


@contextmanager
def adaptive_waiting() -> Iterator[None]:
    """Follow the machine's load while the block runs; do nothing where it is not readable, or on one processor."""
    if len(processors()) < 2 or not sys.platform.startswith("linux"):
        yield
        return
    try:
        policy = WaitPolicy()
    except OSError:
        yield
        return
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(policy, over), name="hitzoo-load", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(policy: WaitPolicy, over: threading.Event) -> None:
    try:
        while not over.wait(_INTERVAL):
            policy.update()
    except OSError:  # /proc went away; threads wait as they do now
        over.wait()
    finally:
        policy.crowd.leave()


def _loaded_torch() -> Any:
    """Return torch once it is fully imported."""
    torch = sys.modules.get("torch")
    return None if torch is None or getattr(torch.__spec__, "_initializing", False) else torch


def _is_nice() -> bool:
    return os.getpriority(os.PRIO_PROCESS, 0) > 0
