"""From the bytes of one file to one upright picture; whatever is wrong with them becomes `UnreadableImage`."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

from hitzoo.errors import UnreadableImage

# What a file of an accepted ending may hold; a wrong ending among these is harmless and common. Pillow's other
# formats stay closed: some start programs (EPS), and nobody trains on them.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

_ORIENTATION = 0x0112  # the Exif tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_quiet_lock = threading.Lock()


def _renew_lock() -> None:
    global _quiet_lock
    _quiet_lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # a worker may be forked while another thread holds the lock
    os.register_at_fork(after_in_child=_renew_lock)


def decode(source: Path | IO[bytes], name: str) -> Image.Image:
    """The picture in `source`, the first frame of an animated one, in its own mode and turned as its Exif says.

    Of the file's notes the picture keeps its `format` and its transparent colour, so nothing turns it twice.
    Pictures of over twice Pillow's `MAX_IMAGE_PIXELS` (179 million pixels) are refused as Pillow refuses them;
    large ones below that are read without its warning.
    """
    try:
        with _quiet():
            opened = Image.open(source, formats=_FORMATS)
        with opened:
            opened.load()
            return _upright(opened)
    except Exception as error:  # damaged bytes make decoders raise anything: SyntaxError, struct.error, KeyError …
        raise UnreadableImage(name, _reason(error)) from error


def _upright(opened: Image.Image) -> Image.Image:
    turn = _turn(opened)
    picture = opened.copy() if turn is None else opened.transpose(turn)
    picture.format = opened.format
    picture.info = {key: value for key, value in opened.info.items() if key == "transparency"}
    return picture


def _turn(opened: Image.Image) -> Image.Transpose | None:
    """What the Exif orientation asks for; None where there is none, or the Exif block is damaged."""
    try:
        with _quiet():
            value = opened.getexif().get(_ORIENTATION)
    except Exception:  # the pixels are whole: a bad note beside them is no reason to drop the picture
        return None
    return _UPRIGHT.get(value) if isinstance(value, int) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's remarks on odd but readable files, for the moment in which a header is read.

    Python's warning filters are shared by all threads, hence the lock.
    """
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _reason(error: Exception) -> str:
    """A few words on what the decoder met."""
    if isinstance(error, UnidentifiedImageError):
        return "not a PNG, JPEG or WebP picture, or its beginning is damaged"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels; Pillow takes it for a decompression bomb"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
