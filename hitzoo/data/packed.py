"""A packed file: its members, and what is there already. The same images may be packed again, others are refused."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from hitzoo.data.encoding import Square, encoded
from hitzoo.data.source import ImageSource
from hitzoo.targets import existing, is_taken

_COMPARED = 16  # images of an existing file, spread evenly


def image_name(number: int) -> str:
    """Path of an image in the file."""
    return f"{number // 1000:05}/img{number:08}.png"


def add_member(file: ZipFile, name: str, content: bytes) -> None:
    """Add a member, uncompressed and without time stamp or host system."""
    member = ZipInfo(name)
    member.create_system = 3  # Unix, so that permissions apply
    member.external_attr = 0o644 << 16
    file.writestr(member, content)


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


def refuse_other_members(out: Path, there: ZipFile | None, names: Iterable[str]) -> None:
    """Stop before any work where an existing file does not have just these members, in any order.

    Raises:
        OutputError: a member is missing, or is there besides.
    """
    if there is None:
        return
    members, wanted = set(there.namelist()), set(names)
    if missing := wanted - members:
        raise existing(out, f"without {min(missing)}")
    if besides := members - wanted:
        raise existing(out, f"with {min(besides)} besides")


def refuse_different_image(out: Path, there: ZipFile | None, name: str, image: bytes) -> None:
    """Stop at the first image that differs, rather than refuse after hours of packing.

    Raises:
        OutputError: the existing file has a different image of that name, or none.
    """
    if there is None:
        return
    if not _is_member(there, name, image):
        raise existing(out, f"with another {name}")


def is_packed(out: Path, source: ImageSource, square: Square) -> bool:
    """True if an existing file has as many images as the source, and some of them, spread evenly, byte for byte.

    Raises:
        OutputError: the existing file is not a zip file.
    """
    total = len(source)
    chosen = sorted({place * total // _COMPARED for place in range(_COMPARED)})
    with packed_before(out, force=False) as there:
        if there is None or sum(name.endswith(".png") for name in there.namelist()) != total:
            return False
        images = encoded(source, square, [range(index, index + 1) for index in chosen], workers=1)
        return all(_is_member(there, image_name(index), image) for index, image in zip(chosen, images, strict=True))


def _is_member(file: ZipFile, name: str, content: object) -> bool:
    try:
        return file.read(name) == content
    except (OSError, BadZipFile, KeyError, RuntimeError, zlib.error):
        return False
