"""The C allocator's habits change, and nothing else."""

from __future__ import annotations

import sys

import pytest
import torch

from hitzoo.runtime import allocator
from hitzoo.runtime.allocator import keep_freed_memory, keep_freed_memory_if_ample


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator is left alone elsewhere")
def test_results_are_the_same_with_either_habit() -> None:
    def work() -> torch.Tensor:
        x = torch.arange(2.0**18).view(512, 512)
        for _ in range(4):
            x = (x @ x.t()).tanh() + 1  # makes and frees a megabyte each time
        return x

    expected = work()
    try:
        for keep in (True, True, False, True, False):
            keep_freed_memory(keep)
            assert torch.equal(work(), expected)
    finally:
        keep_freed_memory(False)


def test_an_allocator_without_such_habits_is_left_alone(monkeypatch) -> None:
    class Library:
        def __init__(self, name: None) -> None:
            assert name is None

    monkeypatch.setattr(allocator.ctypes, "CDLL", Library)  # as musl's: it has no mallopt
    keep_freed_memory()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch, platform) -> None:
    def never(*_: object) -> None:
        raise AssertionError("asked for the C library")

    monkeypatch.setattr(allocator.sys, "platform", platform)
    monkeypatch.setattr(allocator.ctypes, "CDLL", never)
    keep_freed_memory()
    keep_freed_memory(False)


@pytest.mark.parametrize(
    ("peak", "free", "kept"),
    [(24, 100, True), (26, 100, False), (0, 100, False), (1, 0, False)],
    ids=["ample", "scarce", "not said", "none"],
)
def test_memory_is_kept_where_there_is_ample(monkeypatch, peak, free, kept) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(allocator, "peak_memory", lambda: peak)
    monkeypatch.setattr(allocator, "free_memory", lambda: free)
    monkeypatch.setattr(allocator, "keep_freed_memory", lambda: calls.append(True))
    keep_freed_memory_if_ample()
    assert bool(calls) == kept
