"""One session at a time in a run's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hitzoo.errors import RunError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class RunLock:
    """Held on the folder itself, so that nothing is left behind: the system lets go of it when the process ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    def take(self) -> None:
        """Hold the folder if it is there; again does nothing.

        Raises:
            RunError: another process holds it.
        """
        if fcntl is None or self._descriptor is not None or not self.folder.is_dir():
            return
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise RunError(
                f"{self.folder} is being trained by another process; wait for it or stop it, or choose a new name"
                " with --out"
            ) from None
        except OSError:  # a file system without locks
            os.close(descriptor)
            return
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def run_lock(folder: Path) -> Iterator[RunLock]:
    """A lock that is let go of at the end, whether or not it was taken."""
    lock = RunLock(folder)
    try:
        yield lock
    finally:
        lock.release()
