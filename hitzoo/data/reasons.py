"""Short reasons for unreadable images."""

from __future__ import annotations

from PIL import Image, UnidentifiedImageError

_LONGEST = 300  # letters


def reason_of(error: Exception) -> str:
    """Describe an error between a file and its pixels in a few words, on one line."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image in a readable format, or its beginning is damaged"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels; Pillow treats it as a decompression bomb"
    if isinstance(error, RecursionError):
        return "nested too deeply to be read"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__
