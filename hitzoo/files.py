"""Writing files so that they are there whole or not at all.

Every write goes to a temporary neighbour first, is flushed to the disk and then renamed; what fails becomes
an `OutputError` that names the place, and the temporary neighbour is removed.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from hitzoo.errors import OutputError

_REASONS = {
    errno.ENOSPC: "no space left on the device; free some or choose another place",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another place",
    errno.EFBIG: "the file would exceed what the file system or the process may write (ulimit -f)",
    errno.EROFS: "the file system is read-only; choose another place",
    errno.EACCES: "no permission to write there; choose another place",
    errno.EPERM: "no permission to write there; choose another place",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a part of the path is a file, not a folder",  # what mkdir says of its own last part
    errno.EISDIR: "it is a folder; give a file",
    errno.EBUSY: "it is a mount point or in use; choose a new name inside it",
    errno.ENAMETOOLONG: "the name is too long for this file system",
}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an operating system error raised inside into an `OutputError` that names `place`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {place}: {reason_of(error)}") from error


def reason_of(error: OSError) -> str:
    """What went wrong and the way on, in the user's words."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    Missing parent folders are made. The bytes are on the disk before the new name is.
    """
    temporary = _neighbour(path)
    with writing(path):
        missing = _missing(path.parent)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _flush(temporary)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            _remove_empty(missing)
            raise
        _flush(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` when the block ends well, else remove it.

    `path` may exist only as an empty folder: nothing is ever overwritten.
    """
    refuse_existing(path)
    with writing(path):
        temporary = _neighbour(path)
        missing = _missing(path.parent)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
            yield temporary
            for file in temporary.rglob("*"):
                _flush(file)
            temporary.replace(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            _remove_empty(missing)
            raise
        _flush(path.parent)


@contextmanager
def swapped_folder(path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Give a temporary folder beside the folder `path`, and a function that puts it in its place; else it is removed.

    The old folder goes when the new one has its name.
    """
    temporary, old = _neighbour(path), _neighbour(path)

    def swap() -> None:
        for file in temporary.rglob("*"):
            _flush(file)
        path.rename(old)
        try:
            temporary.rename(path)
        except BaseException:
            old.rename(path)
            raise
        _flush(path.parent)

    with writing(path):
        try:
            temporary.mkdir()
            yield temporary, swap
        finally:
            for place in (temporary, old):
                shutil.rmtree(place, ignore_errors=True)


def refuse_existing(path: Path) -> None:
    """Say at once, before any work, that a folder cannot be written under this name.

    Raises:
        OutputError: it exists and is not an empty folder.
    """
    with writing(path):
        if path.is_symlink() or path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise OutputError(f"{path} exists already and is not an empty folder; choose a new name or remove it")


def _neighbour(path: Path) -> Path:
    """A name beside `path` that nobody else has."""
    if not path.name:
        raise OutputError(f"cannot write {path}: it has no name of its own; choose one")
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")


def _missing(folder: Path) -> list[Path]:
    """The folder and its parents that are not there, innermost first."""
    return [place for place in (folder, *folder.parents) if not place.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # not made after all, or no longer empty
            folder.rmdir()


def _flush(path: Path) -> None:
    """Ask the system to put a file or a folder's entries on the disk; folders only where it can be asked."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
    finally:
        os.close(descriptor)
