"""Writing files so that they are there whole or not at all.

Every write goes to a temporary neighbour first, is flushed to the disk and then renamed; what fails becomes
an `OutputError` that names the place, and the temporary neighbour is removed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hitzoo.errors import OutputError
from hitzoo.neighbours import neighbour, new_file, new_folder, remove_leftovers

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
def reading(place: Path) -> Iterator[None]:
    """Turn an operating system error raised inside into an `OutputError` that names `place`, which cannot be read."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot read {place}: {reason_of(error, reading=True)}") from error


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an operating system error raised inside into an `OutputError` that names `place`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {place}: {reason_of(error)}") from error


def reason_of(error: OSError, *, reading: bool = False) -> str:
    """Describe an error of writing, or of `reading`, with advice, in the user's words."""
    if reading:
        return (
            "no permission to read it" if error.errno in (errno.EACCES, errno.EPERM) else error.strerror or str(error)
        )
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def parse_json(text: str) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: it is none, or is nested deeper than can be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    Missing parent folders are made. The bytes are on the disk before the new name is.
    """
    temporary = neighbour(path)
    with writing(path):
        missing = _missing(path.parent)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with new_file(temporary):
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
    """Write UTF-8 text, whole or not at all.

    Bytes of a file's name that are not UTF-8 (Python's surrogates) are written as `\\udcf6`, which JSON and YAML read.
    """
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` when the block ends well, else remove it.

    `path` may exist only as an empty folder: nothing is ever overwritten.
    """
    refuse_existing(path)
    with writing(path):
        temporary = neighbour(path)
        remove_leftovers(path)
        missing = _missing(path.parent)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with new_folder(temporary):
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
    temporary, old = neighbour(path), neighbour(path)

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
