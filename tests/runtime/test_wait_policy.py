"""Threads spin on an idle machine and sleep on a busy one, and the bits of a result do not tell."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
import torch

from hitzoo.runtime import wait_policy
from hitzoo.runtime.wait_policy import IdleThreads, Usage, WaitPolicy, adaptive_waiting, busy_seconds

STAT = """\
cpu  9000 800 700 5 5 5 5 5 0 0
cpu0 300 200 100 50000 70 4 3 2 0 0
cpu1 1000 0 0 50000 70 0 0 0 0 0
cpu12 7 0 0 50000 70 0 0 0 0 0
intr 12345
"""


def test_busy_seconds_count_work_of_named_processors() -> None:
    tick = 1 / wait_policy.os.sysconf("SC_CLK_TCK")
    assert busy_seconds(STAT, frozenset({0}), with_nice=False) == pytest.approx(409 * tick)
    assert busy_seconds(STAT, frozenset({0}), with_nice=True) == pytest.approx(609 * tick)
    assert busy_seconds(STAT, frozenset({1, 12}), with_nice=True) == pytest.approx(1007 * tick)
    assert busy_seconds("cpu0 1 1", frozenset({0}), with_nice=True) == pytest.approx(2 * tick)  # an old kernel's line


def test_others_are_all_but_this_process() -> None:
    assert Usage(wall=12, own=8, total=30).others_since(Usage(wall=10, own=5, total=24)) == 1.5
    assert Usage(wall=12, own=8, total=24).others_since(Usage(wall=10, own=5, total=24)) == 0.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
def test_usage_is_seen_here() -> None:
    before = wait_policy.usage()
    deadline = before.own + 0.1
    while wait_policy.time.process_time() < deadline:
        pass
    after = wait_policy.usage()
    assert after.wall - before.wall >= 0.09
    assert after.total >= before.total


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(wait_policy, "processors", lambda: frozenset({0, 1}))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def policy(*others: float) -> WaitPolicy:
    """One that sees, look by look, so many processors' worth of other programs."""
    looks = [Usage(wall=0.0, own=0.0, total=0.0)]
    for share in others:
        last = looks[-1]
        looks.append(Usage(wall=last.wall + 1, own=last.own + 2, total=last.total + 2 + share))
    return WaitPolicy(iter(looks).__next__)


@pytest.mark.usefixtures("two_threads")
def test_policy_follows_the_load() -> None:
    made = policy(0.0, 0.2, 0.7, 1.0, *[0.1] * 5)
    sizes = []
    for _ in range(9):
        made.update()
        sizes.append(len(made.crowd))
    assert sizes == [0, 0, 1, 1, 1, 1, 1, 1, 0]


@pytest.mark.usefixtures("two_threads")
def test_policy_leaves_spare_processors_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait_policy, "processors", lambda: frozenset(range(8)))
    made = policy(6.0, 6.5)
    made.update()
    assert len(made.crowd) == 0
    made.update()
    assert len(made.crowd) == 7  # 2 + 7 threads are more than 8 processors
    made.crowd.leave()


@pytest.mark.usefixtures("two_threads")
def test_one_thread_waits_for_nobody() -> None:
    torch.set_num_threads(1)
    made = policy(2.0)
    made.update()
    assert len(made.crowd) == 0


@pytest.mark.usefixtures("two_threads")
def test_policy_without_torch_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    made = policy(2.0)
    made.update()
    assert len(made.crowd) == 0


@pytest.mark.usefixtures("two_threads")
def test_results_are_the_same_in_a_crowd() -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(64, 3, 40, 40, generator=random)
    kernels = torch.randn(16, 3, 3, 3, generator=random)

    def work() -> torch.Tensor:
        y = torch.nn.functional.conv2d(x, kernels)
        return torch.stack([y.sum(), y.flatten(1).matmul(y.flatten(1).T).sum(), torch.softmax(y, 1).mean()])

    alone, crowd = work(), IdleThreads()
    crowd.gather(torch, 2, 2)
    try:
        assert torch.equal(work(), alone)
    finally:
        crowd.leave()
    assert torch.equal(work(), alone)


def watchers() -> int:
    return sum(thread.name == "hitzoo-load" for thread in threading.enumerate())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
def test_block_has_a_watcher_and_leaves_none_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait_policy, "processors", lambda: frozenset({0, 1}))
    before = watchers()
    with adaptive_waiting():
        assert watchers() == before + 1
    assert watchers() == before


def test_hidden_load_starts_no_watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden() -> Usage:
        raise PermissionError

    monkeypatch.setattr(WaitPolicy.__init__, "__defaults__", (hidden,))
    before = watchers()
    with adaptive_waiting():
        assert watchers() == before
