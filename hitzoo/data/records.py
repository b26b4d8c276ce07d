"""One TFRecord file: offsets and contents of its records, without TensorFlow.

    record = length (8 bytes, little endian), masked CRC-32C of the length (4), content, masked CRC-32C of it (4)

Source: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from hitzoo.data.crc32c import masked_crc32c
from hitzoo.errors import DataError, UnreadableImage

_HEADER = 12  # bytes: a length and its checksum
_FOOTER = 4  # bytes: the content's checksum
_GZIP = b"\x1f\x8b"


class RecordFile:
    """The records of one file, located by one pass over the lengths that skips the contents.

    The file is opened for every read, so threads and processes share no position.
    Raises `DataError` with the offset if a record's length is damaged or the file is truncated.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb", buffering=0) as file:
                self._offsets = _offsets(path, file)
        except OSError as error:
            raise _lost(path, error) from error

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def label(self, index: int) -> str:
        """The file's name and the record's number, from 0."""
        return f"{self.path.name} record {index}"

    def read(self, index: int) -> bytes:
        """Read record `index`; raises `UnreadableImage` for a wrong checksum, `DataError` if the file is gone."""
        begin, end = int(self._offsets[index]), int(self._offsets[index + 1])
        try:
            with self.path.open("rb") as file:
                file.seek(begin)
                record = file.read(end - begin)
        except OSError as error:
            raise _lost(self.path, error) from error
        if len(record) < end - begin:
            raise DataError(f"data {str(self.path)!r}: has been truncated since it was opened; start again")
        content = record[_HEADER:-_FOOTER]
        if _number(record[-_FOOTER:]) != masked_crc32c(content):
            raise UnreadableImage(self.label(index), f"wrong checksum of the record at byte {begin:,}")
        return content

    def stamp(self) -> str:
        """File name, size (bytes), modification time (ns) and number of records."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise _lost(self.path, error) from error
        return f"{self.path.name}\0{status.st_size}\0{status.st_mtime_ns}\0{len(self)}\n"


def _offsets(path: Path, file: IO[bytes]) -> NDArray[np.int64]:
    """Offsets of the records, and the file's size at the end."""
    size = os.fstat(file.fileno()).st_size
    offsets = [0]
    while offsets[-1] < size:
        file.seek(offsets[-1])
        header = file.read(_HEADER)
        length = _length(header) if len(header) == _HEADER else None
        if length is None and offsets[-1] + _HEADER <= size:
            raise DataError(f"data {str(path)!r}: {_not_a_record(header, offsets[-1])}")
        if length is None or offsets[-1] + _HEADER + length + _FOOTER > size:
            raise DataError(
                f"data {str(path)!r}: is truncated: the record at byte {offsets[-1]:,} continues past the file's end,"
                f" byte {size:,}; copy the file again"
            )
        offsets.append(offsets[-1] + _HEADER + length + _FOOTER)
    return np.array(offsets, np.int64)


@lru_cache(maxsize=4096)  # raw pictures of one size make records of one length
def _length(header: bytes) -> int | None:
    """Content length in bytes, or None if the header's checksum is wrong."""
    return _number(header[:8]) if _number(header[8:]) == masked_crc32c(header[:8]) else None


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")


def _not_a_record(header: bytes, offset: int) -> str:
    if offset:
        return f"is damaged: wrong checksum of the length at byte {offset:,}; copy the file again"
    if header.startswith(_GZIP):
        return "is a compressed file; unpack it first with gunzip"
    return "is not a TFRecord file: wrong checksum of the length at byte 0"


def _lost(path: Path, error: OSError) -> DataError:
    return DataError(f"data {str(path)!r}: cannot read the file: {error.strerror}")
