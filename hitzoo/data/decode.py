"""Decoding of one file to one upright image; any fault in it becomes `UnreadableImage`."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from PIL import Image, UnidentifiedImageError

from hitzoo.data.formats import formats, way_to_read
from hitzoo.data.png_notes import without_notes
from hitzoo.data.reasons import reason_of
from hitzoo.data.signature import is_heic
from hitzoo.errors import UnreadableImage

_MOST_COLOURS = 256  # of a palette
_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF", "TIFF")

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

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its log records on damaged files become their reason
_quiet_lock = threading.Lock()


def _renew_lock() -> None:
    global _quiet_lock
    _quiet_lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # a worker may be forked while another thread holds the lock
    os.register_at_fork(after_in_child=_renew_lock)


def decode(source: Path | IO[bytes], name: str) -> Image.Image:
    """Decode the image in `source`, of an animation the first frame, in its own mode and rotated by its Exif tag.

    Of the metadata only `format`, the transparent colour and `frames` (whether there were more) are kept, so nothing
    rotates the image twice. Texts and colour profiles of a PNG that are too large to unpack are dropped. Images over
    twice Pillow's `MAX_IMAGE_PIXELS` (179 million pixels) are refused, as by Pillow; large ones below that are read
    without its warning.
    """
    try:
        try:
            return _decode(source)
        except ValueError:
            if (bare := without_notes(source)) is None:
                raise
            return _decode(bare)
    except UnidentifiedImageError as error:
        raise UnreadableImage(name, _unknown(source, error)) from error
    except Exception as error:  # damaged bytes make decoders raise anything: SyntaxError, struct.error, KeyError …
        raise UnreadableImage(name, reason_of(error)) from error


def _unknown(source: Path | IO[bytes], error: UnidentifiedImageError) -> str:
    """Describe a file of an unknown format; phones and browsers name HEIC images .jpg."""
    with suppress(OSError):
        beginning = _beginning(source)
        if is_heic(beginning) and (way := way_to_read(".heic")):
            return f"a HEIC image in spite of its name; {way}"
    return reason_of(error)


def _beginning(source: Path | IO[bytes]) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(12)
    source.seek(0)
    return source.read(12)


def _decode(source: Path | IO[bytes]) -> Image.Image:
    with _quiet():
        opened = Image.open(source, formats=formats())
    with opened:
        with _quiet() if opened.format == "TIFF" else nullcontext():  # it warns while it is read
            opened.load()
        return _upright(opened)


def _upright(opened: Image.Image) -> Image.Image:
    turn = _turn(opened)
    picture = opened._new(opened.im) if turn is None else opened.transpose(turn)  # _new: the same pixels, not a copy
    picture.format = opened.format
    picture.info = _kept(opened)
    return picture


def _kept(opened: Image.Image) -> dict[str | tuple[int, int], Any]:
    """Keep the metadata that is used."""
    kept: dict[str | tuple[int, int], Any] = {}
    transparent = opened.info.get("transparency")
    # An alpha table longer than the palette is invalid: viewers ignore it, Pillow would raise.
    if transparent is not None and not (isinstance(transparent, bytes) and len(transparent) > _MOST_COLOURS):
        kept["transparency"] = transparent
    if opened.format in _ANIMATED and _has_more_frames(opened):
        kept["frames"] = True
    return kept


def _has_more_frames(opened: Image.Image) -> bool:
    try:
        with _quiet():
            return bool(getattr(opened, "is_animated", False))
    except Exception:  # what follows the first frame may be damaged
        return False


def _turn(opened: Image.Image) -> Image.Transpose | None:
    """Transposition for the Exif orientation; None if there is none, or the Exif block is damaged."""
    try:
        with _quiet():
            value = opened.getexif().get(_ORIENTATION)
    except Exception:  # the pixels are intact: damaged metadata is no reason to drop the image
        return None
    return _UPRIGHT.get(value) if isinstance(value, int) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's warnings about odd but readable files while a header is read.

    Python's warning filters are shared by all threads, hence the lock.
    """
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
