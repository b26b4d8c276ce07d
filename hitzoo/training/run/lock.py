"""One session at a time in a run's folder, which is made and held before a byte is written into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hitzoo.errors import RunError
from hitzoo.files import writing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TRIES = 5  # another session may remove the folder it made between our opening and locking it; then it goes unlocked,
# as on a file system that numbers its folders anew each time


class RunLock:
    """Held on the folder itself, so that nothing is left behind: the system lets go of it when the process ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None
        self._made: list[Path] = []

    def take(self) -> None:
        """Make the folder where it is not there, and hold it; again does nothing.

        Raises:
            RunError: another process holds it.
            OutputError: it cannot be made or opened.
        """
        if self._descriptor is not None:
            return
        with writing(self.folder):
            for _ in range(_TRIES):
                self._make()
                if fcntl is None or not self.folder.is_dir() or self._hold():
                    return

    def release(self) -> None:
        """Let go; the folders that were made are removed again where nothing came into them."""
        for place in self._made:
            with suppress(OSError):
                place.rmdir()
        self._made = []
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _make(self) -> None:
        missing = [place for place in (self.folder, *self.folder.parents) if not place.exists()]
        if self.folder.is_symlink() or not missing:  # one that leads nowhere is said by what wants to write there
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._made += [place for place in missing if place not in self._made]

    def _hold(self) -> bool:
        """Return True if the folder of that name is held now; where the system has no locks, it counts as held."""
        try:
            descriptor = os.open(self.folder, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            self._made = []  # another session's by now
            held = f"{self.folder} is being trained by another process; wait for it or stop it, or choose"
            raise RunError(f"{held} another folder as out").or_as_option(f"{held} a new name with --out") from None
        except OSError:  # a file system without locks
            os.close(descriptor)
            return True
        if not _is_still(self.folder, descriptor):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True


def _is_still(folder: Path, descriptor: int) -> bool:
    """Return True if the opened folder is the one that has the name."""
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


@contextmanager
def run_lock(folder: Path) -> Iterator[RunLock]:
    """A lock that is let go of at the end, whether or not it was taken."""
    lock = RunLock(folder)
    try:
        yield lock
    finally:
        lock.release()
