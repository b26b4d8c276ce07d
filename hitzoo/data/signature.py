"""Signatures of image formats: their first bytes."""

from __future__ import annotations

_BEGINNINGS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8",  # JPEG
    b"RIFF",  # WebP, after its length
    b"GIF8",
    b"BM",  # Windows' bitmap
    b"II",  # TIFF, the lowest byte first
    b"MM",  # TIFF, the highest byte first
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_BOXES = b"ftyp"  # AVIF and HEIF, after a length of 4 bytes


def begins_like_a_picture(beginning: bytes) -> bool:
    """True if the first bytes of a file (12 or more) are those of a readable format."""
    return beginning.startswith(_BEGINNINGS) or beginning[4:8] == _BOXES


def is_heic(beginning: bytes) -> bool:
    """True for HEIC, the format of iPhone photos, whatever the file's name (ISO/IEC 23008-12)."""
    return beginning[4:8] == _BOXES and beginning[8:12] in _HEIC
