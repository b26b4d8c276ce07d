"""A .zip file of images, read in place."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from PIL import Image

from hitzoo.data.decode import decode
from hitzoo.data.names import ACCEPTED, is_hidden, is_image
from hitzoo.errors import DataError, UnreadableImage

_LARGEST = 1 << 30  # bytes of one unpacked member; more is an attack or a mistake, not a picture


@dataclass(frozen=True)
class _Handle:
    """An open zip file of one process; its lock is its own, so a fork never inherits a locked one."""

    process: int
    file: ZipFile
    lock: threading.Lock = field(default_factory=threading.Lock)


class Archive:
    """The images in a zip file, in the order of their paths.

    What else is in it is not read, the labels in the dataset.json of NVIDIA's zip files neither.
    Two processes that share an open file also share its position, and would read each other's bytes: every
    process opens the file for itself on its first read, after a fork as after a spawn. Threads take turns.
    Raises `DataError` where the file is no whole zip file or holds no images.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._path = Path(location).expanduser().absolute()
        self._handle: _Handle | None = None
        with self._open() as file:
            members = {info.filename: info for info in file.infolist() if _holds_image(info)}
        self._members = [(name, members[name].file_size, members[name].CRC) for name in sorted(members)]
        if not self._members:
            raise DataError(f"data {location!r}: no images in this zip file; files in it must end in {ACCEPTED}")

    def __len__(self) -> int:
        return len(self._members)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None}

    def label(self, index: int) -> str:
        """The path inside the zip file."""
        return self._members[index][0]

    def read(self, index: int) -> Image.Image:
        """The picture in member `index`; `DataError` where the zip file itself has gone."""
        name, size, _ = self._members[index]
        if size > _LARGEST:
            raise UnreadableImage(name, f"unpacks to {size:,} bytes, too many for an image")
        handle = self._own_handle()
        try:
            with handle.lock:
                content = handle.file.read(name)
        except Exception as error:  # zipfile raises anything: encrypted, unknown compression, bad CRC, zlib.error …
            raise UnreadableImage(name, f"cannot be unpacked: {str(error) or type(error).__name__}") from error
        return decode(BytesIO(content), name)

    def fingerprint(self) -> str:
        """SHA-256 over the sorted paths, sizes (bytes) and checksums that the zip file lists."""
        digest = sha256()
        for name, size, checksum in self._members:
            digest.update(f"{name}\0{size}\0{checksum}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _own_handle(self) -> _Handle:
        """This process's handle. Two threads may both open one at first; either is good and one is kept."""
        handle = self._handle
        if handle is None or handle.process != os.getpid():
            handle = _Handle(os.getpid(), self._open())
            self._handle = handle
        return handle

    def _open(self) -> ZipFile:
        try:
            return ZipFile(self._path)
        except OSError as error:
            raise DataError(f"data {self.location!r}: cannot open the zip file: {error.strerror}") from error
        except Exception as error:  # a damaged list of contents: BadZipFile, struct.error, UnicodeDecodeError …
            said = "" if isinstance(error, BadZipFile) and "not a zip" in str(error) else f" ({error})"
            raise DataError(
                f"data {self.location!r}: not a whole zip file{said}; it may be cut short: copy or pack it again"
            ) from error


def _holds_image(info: ZipInfo) -> bool:
    *folders, name = info.filename.split("/")
    return is_image(name) and not any(is_hidden(folder) for folder in folders)
