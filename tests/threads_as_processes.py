"""Several worlds in one process: what each process of a run does, done by threads that meet as processes do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from hitzoo.runtime.distributed import World

Made = TypeVar("Made")


@dataclass(frozen=True)
class _ThreadWorld(World):
    """A world whose operations go by a list of one place per thread."""

    places: list[Any] = field(default_factory=list)
    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))

    def exchanged(self, value: Any) -> list[Any]:
        """The values of all threads, by rank."""
        self.places[self.rank] = value
        self.meeting.wait()
        found = list(self.places)
        self.meeting.wait()
        return found

    def all_reduce_sum(self, values: torch.Tensor) -> torch.Tensor:
        return values.copy_(sum(self.exchanged(values.clone())))

    def barrier(self) -> None:
        self.meeting.wait()

    def gather(self, rows: torch.Tensor, device: torch.device) -> list[torch.Tensor] | None:
        parts = self.exchanged(rows.clone())
        assert len({(part.shape, part.dtype) for part in parts}) == 1
        return parts if self.first else None

    def all_gather_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.exchanged(names) for name in part))

    def broadcast_from_first(self, decide: Callable[[], Any]) -> Any:
        return self.exchanged(decide() if self.first else None)[0]


def together(count: int, work: Callable[[World], Made]) -> list[Made]:
    """Do the work as each of `count` processes; the first error, by rank, is raised when all have ended."""
    places: list[Any] = [None] * count
    meeting = threading.Barrier(count)

    def do(rank: int) -> Made:
        try:
            return work(_ThreadWorld(rank, count, places, meeting))
        except BaseException:
            meeting.abort()
            raise

    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic  # threads share what a process has for itself
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(do, rank) for rank in range(count)]
    cudnn.benchmark, cudnn.deterministic = before
    errors = [error for one in asked if (error := one.exception())]
    for error in errors:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error
    return [one.result() for one in asked]
