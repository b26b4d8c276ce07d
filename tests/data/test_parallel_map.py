from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path

import pytest

from hitzoo.data.parallel_map import parallel_map
from hitzoo.errors import UnreadableImage

pytestmark = pytest.mark.processes


def slow_at_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return number * number


def own_process(number: int) -> int:
    return os.getpid()


def fail_at_three(number: int) -> int:
    if number == 3:
        raise UnreadableImage("a.png", "cut")
    return number


def end_at_three(number: int) -> int:
    if number == 3:
        os._exit(9)
    return number


def ended_by_its_group(number: int) -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    return number


def is_deaf(number: int) -> bool:
    """Blocked from the process's first moment, and ignored besides."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set()) and (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    )


class Counted:
    """How many things were asked for so far."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            self.taken += 1
            yield number


def is_alive(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order_and_few_things_wait(processes: int) -> None:
    things = Counted(50)
    ahead: list[int] = []
    with closing(parallel_map(slow_at_first, things, processes=processes)) as results:
        squares = []
        for square in results:
            squares.append(square)
            ahead.append(things.taken - len(squares))
    assert squares == [number * number for number in range(50)]
    assert max(ahead) < 3 * processes


def test_the_work_is_done_elsewhere_and_ends_when_closed() -> None:
    with closing(parallel_map(own_process, range(100), processes=2)) as results:
        workers = {next(results) for _ in range(50)}
    assert workers
    assert os.getpid() not in workers
    if Path("/proc/self").exists():
        assert not any(is_alive(worker) for worker in workers)
    assert list(parallel_map(own_process, range(2), processes=1)) == [os.getpid()] * 2


@pytest.mark.parametrize("processes", [1, 2])
def test_what_the_work_raises_is_raised_at_its_turn(processes: int) -> None:
    results = parallel_map(fail_at_three, range(10), processes=processes)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UnreadableImage, match=r"a\.png.*cut"):
        next(results)


def test_a_process_that_dies_is_an_error_and_no_wait_for_ever() -> None:
    with pytest.raises(BrokenProcessPool):
        list(parallel_map(end_at_three, range(10), processes=2))


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_worker_sends_its_result_after_sigterm() -> None:
    """A signal to the whole group reaches workers too; one that died while it sent would block the reader for ever."""
    assert list(parallel_map(ended_by_its_group, range(4), processes=2)) == [0, 1, 2, 3]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals of Unix")
def test_ctrl_c_is_for_the_first_process_alone() -> None:
    assert list(parallel_map(is_deaf, range(4), processes=2)) == [True] * 4
    assert not is_deaf(0)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_nothing_to_do() -> None:
    assert list(parallel_map(own_process, [], processes=2)) == []
