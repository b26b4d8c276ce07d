"""The processes that divide a work on images, as far as it asks for them; torch is not needed to be alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Processes(Protocol):
    """All processes seen from one of them, as `hitzoo.runtime.distributed.World` is."""

    @property
    def rank(self) -> int:
        """Number of this process; the first is 0."""
        ...

    @property
    def size(self) -> int:
        """Number of processes."""
        ...

    def broadcast_from_first(self, decide: Callable[[], Any]) -> Any:
        """Call `decide` in the first process and return its result (JSON data) in every process."""
        ...

    def barrier(self) -> None:
        """Return when all processes have come here."""
        ...


class _Alone:
    rank, size = 0, 1

    def broadcast_from_first(self, decide: Callable[[], Any]) -> Any:
        return decide()

    def barrier(self) -> None:
        pass


ALONE: Processes = _Alone()
