"""A .zip file of images, read in place."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from zipfile import BadZipFile, ZipFile

from PIL import Image

from hitzoo.data.decode import decode
from hitzoo.data.formats import accepted
from hitzoo.data.ignored_files import IgnoredFiles, counted
from hitzoo.data.member import unpacked
from hitzoo.data.names import is_hidden, is_image
from hitzoo.data.place import place_of
from hitzoo.errors import DataError


@dataclass(frozen=True)
class _Handle:
    """An open zip file of one process; its lock is its own, so a fork never inherits a locked one."""

    process: int
    file: ZipFile
    lock: threading.Lock = field(default_factory=threading.Lock)


class Archive:
    """The images in a zip file, in the order of their paths.

    Other members are not read, nor are the labels in the dataset.json of NVIDIA's zip files.
    Processes that share an open file also share its position and would read each other's bytes, so every process
    opens the file itself on its first read, after a fork as after a spawn. Threads take turns.
    Raises `DataError` if the file is not a complete zip file or holds no images.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._path = place_of(location).absolute()
        self._handle: _Handle | None = None
        with self._open() as file:
            files = {info.filename: info for info in file.infolist() if not info.is_dir()}
        members = {name: info for name, info in files.items() if _holds_image(name)}
        self._members = [(name, members[name].file_size, members[name].CRC) for name in sorted(members)]
        self._ignored_files = _counted(files.keys() - members.keys())
        if not self._members:
            raise DataError(f"data {location!r}: no images in this zip file; {self._why_none(files)}")

    def __len__(self) -> int:
        return len(self._members)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None}

    def label(self, index: int) -> str:
        """Path inside the zip file."""
        return self._members[index][0]

    def read(self, index: int) -> Image.Image:
        """Decode member `index`; raises `DataError` if the zip file itself is gone."""
        name = self._members[index][0]
        handle = self._own_handle()
        with handle.lock:
            content = unpacked(handle.file, name)
        return decode(content, name)

    def ignored_files(self, *, looking_inside: bool = False) -> IgnoredFiles:
        """Count the other members; files in hidden and system folders are always counted."""
        return self._ignored_files

    def fingerprint(self) -> str:
        """SHA-256 of the sorted paths, sizes (bytes) and checksums listed in the zip file."""
        digest = sha256()
        for name, size, checksum in self._members:
            digest.update(f"{name}\0{size}\0{checksum}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _why_none(self, names: Iterable[str]) -> str:
        if any(is_image(_parts(name)[-1]) for name in names):
            return f"only hidden and system folders in it hold some ({self._ignored_files})"
        there = f"; there are: {self._ignored_files}" if self._ignored_files else ""
        return f"files in it must end in {accepted()}{there}"

    def _own_handle(self) -> _Handle:
        """Handle of this process. Two threads may both open one at first; either works and one is kept."""
        handle = self._handle
        if handle is None or handle.process != os.getpid():
            handle = _Handle(os.getpid(), self._open())
            self._handle = handle
        return handle

    def _open(self) -> ZipFile:
        try:
            return ZipFile(self._path)
        except OSError as error:
            why = error.strerror or str(error) or type(error).__name__
            raise DataError(f"data {self.location!r}: cannot open the zip file: {why}") from error
        except Exception as error:  # a damaged list of contents: BadZipFile, struct.error, UnicodeDecodeError …
            said = "" if isinstance(error, BadZipFile) and "not a zip" in str(error) else f" ({error})"
            raise DataError(
                f"data {self.location!r}: not a complete zip file{said}; it may be truncated: copy or pack it again"
            ) from error


def _parts(name: str) -> list[str]:
    """Components of a member's path; some Windows programs write backslashes."""
    return name.replace("\\", "/").split("/")


def _holds_image(name: str) -> bool:
    *folders, last = _parts(name)
    return is_image(last) and not any(is_hidden(folder) for folder in folders)


def _counted(names: Iterable[str]) -> IgnoredFiles:
    """Count files that are not read; those under a hidden or system folder count with it."""
    files: list[str] = []
    folders: set[tuple[str, ...]] = set()
    inside = 0
    for name in names:
        *above, last = _parts(name)
        first = next((place for place, folder in enumerate(above) if is_hidden(folder)), None)
        if first is None:
            files.append(last)
        else:
            folders.add(tuple(above[: first + 1]))
            inside += 1
    return counted(files, (folder[-1] for folder in folders), inside=inside if folders else None)
