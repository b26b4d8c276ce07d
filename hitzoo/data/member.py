"""One member of a zip file, unpacked within bounds: nothing is unpacked fully before it looks like an image."""

from __future__ import annotations

from io import BytesIO
from shutil import copyfileobj
from zipfile import ZipFile, ZipInfo

from hitzoo.data.signature import begins_like_a_picture
from hitzoo.errors import UnreadableImage

_LARGEST = 1 << 30  # bytes of one unpacked member; more is an attack or a mistake, not an image
_LARGE = 1 << 26  # bytes; above it, what packs this well …
_DENSEST = 100  # … unpacked for each packed byte, is no picture: zeros pack to a thousandth
_BEGINNING = 64  # bytes
_AT_ONCE = 1 << 20  # bytes


def unpacked(file: ZipFile, name: str) -> BytesIO:
    """Unpack a member and verify its checksum.

    Raises:
        UnreadableImage: it is too large, does not begin like an image, or cannot be unpacked.
    """
    try:
        member = file.getinfo(name)
        _refuse_bomb(member)
        return _read(file, member)
    except UnreadableImage:
        raise
    except Exception as error:  # zipfile raises anything: encrypted, unknown compression, bad CRC, zlib.error …
        raise UnreadableImage(name, f"cannot be unpacked: {_said(error)}") from error


def _refuse_bomb(member: ZipInfo) -> None:
    size, packed = member.file_size, member.compress_size
    if size > _LARGEST:
        raise UnreadableImage(member.filename, f"unpacks to {size:,} bytes, too many for an image")
    if size > _LARGE and size > _DENSEST * packed:
        raise UnreadableImage(
            member.filename, f"{packed:,} bytes unpack to {size:,}: no image does that; it is treated as a zip bomb"
        )


def _read(file: ZipFile, member: ZipInfo) -> BytesIO:
    content = BytesIO()
    with file.open(member) as packed:
        beginning = packed.read(_BEGINNING)
        content.write(beginning)
        if member.file_size <= _AT_ONCE or begins_like_a_picture(beginning):
            copyfileobj(packed, content, _AT_ONCE)
    content.seek(0)
    return content


def _said(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory"
    return str(error) or type(error).__name__
