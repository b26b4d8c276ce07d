"""An existing packed file: the same images may be packed again, others are refused at the first difference."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from hitzoo.targets import existing, is_taken


@contextmanager
def packed_before(out: Path, *, force: bool) -> Iterator[ZipFile | None]:
    """Open the existing zip file of that name, unless it is to be replaced.

    Raises:
        OutputError: the existing file is not a zip file.
    """
    if force or not is_taken(out):
        yield None
        return
    try:
        file = ZipFile(out)
    except (OSError, BadZipFile, ValueError, NotImplementedError):
        raise existing(out, "and is not a packed data set") from None
    with file:
        yield file


def refuse_different_image(out: Path, there: ZipFile | None, name: str, image: bytes) -> None:
    """Stop at the first image that differs, rather than refuse after hours of packing.

    Raises:
        OutputError: the existing file has a different image of that name, or none.
    """
    if there is None:
        return
    try:
        same = there.getinfo(name).file_size == len(image) and there.read(name) == image
    except (OSError, BadZipFile, KeyError, RuntimeError, zlib.error):
        same = False
    if not same:
        raise existing(out, f"with another {name}")
