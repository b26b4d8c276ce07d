"""Calls that take the time they are told to, for tests of what is made of times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from hitzoo.bench.subprocess_runner import Calls
from hitzoo.bench.variants import Call


class FakeCalls:
    """`took(call)` says the seconds; everything that was asked is kept in order."""

    def __init__(self, took: Callable[[Call], float]) -> None:
        self.took = took
        self.asked: list[tuple[str, Call]] = []

    def seconds(self, call: Call) -> float:
        self.asked.append(("seconds", call))
        return self.took(call)

    def peak_bytes(self, call: Call) -> int:
        self.asked.append(("peak", call))
        return 1000 * call.batch

    @contextmanager
    def callers(self, paths: Sequence[str], device: torch.device) -> Iterator[dict[str, Calls]]:
        """In place of `own_process.callers`."""
        yield dict.fromkeys(paths, self)
