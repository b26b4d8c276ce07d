"""Existing files: one rule for every verb that writes, and one option that overrides it, `--force`.

What the same command would make again just as it is may be made again without a word. Anything else stays as it is, and
is named in one message. Where a file says what made it (pictures, exported networks), that is compared before any work;
elsewhere what is made is held against what is there, byte by byte, from the first byte on.
"""

from __future__ import annotations

import filecmp
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hitzoo.errors import OutputError
from hitzoo.files import atomic_file, atomic_folder, swapped_folder, write_text, writing
from hitzoo.neighbours import remove_leftovers

_MOST_NAMED = 3


def existing(path: Path, why: str = "") -> OutputError:
    """The one message: what is there, how it differs, and both ways on."""
    there = f"{path} exists already{', ' + why if why else ''}"
    ways = "replaces it, or choose another name"
    return OutputError(f"{there}; force=True {ways}").or_as_option(f"{there}; --force {ways}")


def is_taken(path: Path) -> bool:
    """True if there is a file of that name, or a link, which may be dangling.

    Raises:
        OutputError: it is a folder, or cannot be looked at.
    """
    with writing(path):
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; give a file")
        return path.is_symlink() or path.exists()


def check_writable(path: Path) -> None:
    """Say before any work that a file cannot be written: a file of another name is made there and taken away again.

    Raises:
        OutputError: it cannot.
    """
    with suppress(_Undone), atomic_file(path):
        raise _Undone


class _Undone(Exception):  # noqa: N818 - no error
    """Nothing is to be written yet."""


class Target:
    """Takes a file's bytes one after another: they become the file, or must be those that it has already."""

    def __init__(self, path: Path, file: BinaryIO, *, compares: bool) -> None:
        self._path, self._file, self._compares = path, file, compares

    def write(self, content: bytes) -> None:
        """The next bytes.

        Raises:
            OutputError: the file that is there has others.
        """
        if not self._compares:
            self._file.write(content)
        elif self._file.read(len(content)) != content:
            raise existing(self._path, "with other content")

    def finish(self) -> None:
        """Nothing more comes."""
        if self._compares and self._file.read(1):
            raise existing(self._path, "with other content")


@contextmanager
def stream_target(path: Path, *, force: bool) -> Iterator[Target]:
    """A file whose bytes come in order. One of the same bytes stays; one of others is refused at the first of them."""
    if is_taken(path) and not force:
        with writing(path), path.open("rb") as file:
            target = Target(path, file, compares=True)
            yield target
            target.finish()
        return
    remove_leftovers(path)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        yield Target(path, file, compares=False)
        file.flush()


@contextmanager
def file_target(path: Path, *, force: bool) -> Iterator[Path]:
    """As `atomic_file`, for what writes a file by itself; one of the same bytes stays, one of others is refused."""
    taken = is_taken(path) and not force
    remove_leftovers(path)
    with atomic_file(path) as temporary:
        yield temporary
        if taken and not (path.is_file() and filecmp.cmp(temporary, path, shallow=False)):
            raise existing(path, "with other content")


def put_text(path: Path, text: str, *, force: bool) -> None:
    """Write UTF-8 text; the same text may be there already."""
    refuse_other_text(path, text, force=force)
    write_text(path, text)


def refuse_other_text(path: Path, text: str, *, force: bool) -> None:
    """Say before any work that a file holds another text."""
    if is_taken(path) and not force:
        with writing(path):
            if not path.exists() or path.read_bytes() != text.encode("utf-8"):
                raise existing(path, "with other content")


def check_folder(path: Path, known: Collection[str], *, force: bool) -> bool:
    """True if there is a folder that may be the same, or with `force` may be replaced; checked before any work.

    Args:
        known: the files that the folder to write can have; one that holds others is never replaced.

    Raises:
        OutputError: what is there is no such folder.
    """
    with writing(path):
        if path.is_symlink() or path.is_file():
            raise OutputError(f"{path} exists already and is no folder; choose a new name or remove it")
        if not path.is_dir():
            return False
        found = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if not file.is_dir())
    strangers = [name for name in found if name not in known]
    if strangers:
        more = f" and {len(strangers) - _MOST_NAMED:,} more" if len(strangers) > _MOST_NAMED else ""
        held = f"it holds {', '.join(strangers[:_MOST_NAMED])}{more}"
        raise OutputError(f"{path} exists already and is not replaced: {held}; choose a new name or remove it")
    return bool(found)


@contextmanager
def folder_target(path: Path, known: Collection[str], *, force: bool) -> Iterator[Path]:
    """As `atomic_folder`; a folder of the same files stays, one of others is refused or with `force` replaced whole.

    Args:
        known: the files that the folder can have; one that holds others is never replaced.
    """
    if not check_folder(path, known, force=force):
        with atomic_folder(path) as temporary:
            yield temporary
        return
    with swapped_folder(path) as (temporary, swap):
        yield temporary
        if not _same(temporary, path):
            if not force:
                raise existing(path, "with other content")
            swap()


def _same(one: Path, other: Path) -> bool:
    names = [{file.relative_to(place) for file in place.rglob("*") if file.is_file()} for place in (one, other)]
    return names[0] == names[1] and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names[0])


def remove(path: Path) -> None:
    """Take away a file that is to be replaced by others."""
    with writing(path):
        path.unlink()
