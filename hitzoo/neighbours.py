"""Temporary neighbours of what is being written: made anew, held while they are written, removed when nobody does.

Whoever writes holds a lock on its neighbour, which the system lets go of when the process ends, however it ends. So
another process can tell what a killed one has left from what is being written at this moment, on this machine or, on
a network's file system, on another.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from hitzoo.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger("hitzoo")
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.tmp", re.DOTALL)
_MODE = 0o666  # as `open` makes files, before the umask
_ONLY_HERE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def neighbour(path: Path) -> Path:
    """A name beside `path` that nobody else has."""
    if not path.name:
        raise OutputError(f"cannot write {path}: it has no name of its own; choose one")
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")


@contextmanager
def new_file(path: Path) -> Iterator[None]:
    """An empty file at `path`, where nothing is, held while the block runs.

    Raises:
        FileExistsError: something is there, be it a link to somewhere else.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _ONLY_HERE, _MODE)
    with _held(descriptor):
        yield


@contextmanager
def new_folder(path: Path) -> Iterator[None]:
    """An empty folder at `path`, where nothing is, held while the block runs."""
    path.mkdir()
    if fcntl is None:  # Windows opens no folders
        yield
        return
    with _held(os.open(path, os.O_RDONLY)):
        yield


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes have left of writing `path`; what may still be written is named and stays."""
    remove_leftovers_of(path.parent, {path.name})


def remove_leftovers_of(folder: Path, names: Container[str]) -> None:
    """Remove the same of all files and folders of these names in `folder`."""
    try:
        with os.scandir(folder) as entries:
            found = [
                Path(entry.path)
                for entry in entries
                if (match := _TEMPORARY.fullmatch(entry.name)) and match["name"] in names
            ]
    except OSError:  # there is no such folder yet, or whoever writes there will say why not
        return
    for leftover in found:
        with suppress(OSError):  # somebody else has removed it, or only its owner may
            if not _remove_unheld(leftover):
                _log.warning(
                    "%s was left by a process that was killed, or is being written by another one;"
                    " remove it if nothing writes it any more",
                    leftover,
                )


def _remove_unheld(leftover: Path) -> bool:
    """Remove a leftover that nobody writes; True if that is decided, also where somebody still writes it."""
    if fcntl is None or leftover.is_symlink():
        return False
    way = os.O_RDONLY if leftover.is_dir() else os.O_RDWR  # NFS locks only what is open for writing
    descriptor = os.open(leftover, way | _ONLY_HERE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    except BlockingIOError:
        return True
    except OSError as error:
        return error.errno == errno.ENOENT
    finally:
        os.close(descriptor)
    return True


@contextmanager
def _held(descriptor: int) -> Iterator[None]:
    """Hold an open file or folder as long as the block runs; where the file system has no locks, it is only open."""
    if fcntl is None:  # Windows renames nothing that is open
        os.close(descriptor)
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
