"""Picture files that say what made them: PNG in text chunks, GIF in a comment, others in the EXIF description."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile

from hitzoo.errors import RequestError
from hitzoo.files import atomic_file
from hitzoo.sampling.pictures import to_picture

FORMATS = {"png": ".png", "jpg": ".jpg", "webp": ".webp"}
QUALITY = 95  # of JPEG and WebP
_LARGEST_SIDE = {"png": (1 << 31) - 1, "jpg": 65_500, "webp": 16_383}  # pixels; what the formats' own libraries take
_READERS: dict[str, Callable[[Path], Image.Image]] = {
    ".png": PngImageFile,
    ".jpg": JpegImageFile,
    ".webp": WebPImageFile,
    ".apng": PngImageFile,
    ".gif": GifImageFile,
}
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131  # EXIF tags
_LONGEST = 60_000  # letters; an EXIF block of a JPEG ends at 64 KiB
PREFIX = "hitzoo:"


def format_named(word: str) -> str:
    """png, jpg or webp, also as `jpeg` or in capitals.

    Raises:
        RequestError: another one.
    """
    name = word.lower().lstrip(".")
    name = "jpg" if name == "jpeg" else name
    if name not in FORMATS:
        raise RequestError(f"--format {word}: not possible; possible: {', '.join(FORMATS)}")
    return name


def check_possible(format: str, width: int, height: int, channels: int) -> None:
    """Say before any work what a format cannot hold.

    Raises:
        RequestError: sides too long for it, or transparency in a JPEG.
    """
    if max(width, height) > _LARGEST_SIDE[format]:
        most = f"{_LARGEST_SIDE[format]:,}"
        raise RequestError(f"a picture of {width:,}×{height:,} pixels: {format} holds at most {most} a side; take png")
    if format == "jpg" and channels == 4:
        raise RequestError("--format jpg: holds no transparency, which this model's images have; take png or webp")


def save_picture(
    path: Path, pixels: NDArray[np.uint8], facts: Mapping[str, str], *, format: str = "png", quality: int = QUALITY
) -> None:
    """Write (H, W, 1|3|4) bytes whole or not at all, with `facts` as metadata."""
    picture = to_picture(pixels)
    with atomic_file(path) as temporary:
        if format == "png":
            picture.save(temporary, format="PNG", pnginfo=text_chunks(facts))
        elif format == "jpg":
            picture.save(temporary, format="JPEG", quality=quality, subsampling=0, exif=exif_of(facts))
        else:
            picture.save(temporary, format="WEBP", quality=quality, exif=exif_of(facts))


def read_facts(path: Path) -> dict[str, str]:
    """Read how a picture was made from its file; empty where it is not one of ours, or not a picture."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        return {}
    try:
        with reader(path) as picture:  # not by `Image.open`, which refuses and warns of large ones: none is decoded
            return facts_of(picture)
    except Exception:  # whatever a damaged header makes of it, it says nothing
        return {}


def facts_of(picture: Image.Image) -> dict[str, str]:
    """Read the same from an opened picture."""
    if picture.format == "PNG":
        found: Any = picture.info
    else:
        try:
            said = picture.info.get("comment") if picture.format == "GIF" else picture.getexif().get(_DESCRIPTION)
            found = json.loads(said or "{}")
        except (TypeError, ValueError, RecursionError):
            found = {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items() if str(key).startswith(PREFIX)}


def text_chunks(facts: Mapping[str, str]) -> PngInfo:
    """Make the metadata of a PNG."""
    info = PngInfo()
    for key, value in facts.items():
        info.add_itxt(key, value)
    return info


def exif_of(facts: Mapping[str, str]) -> Image.Exif:
    """Make the metadata of a JPEG or WebP file."""
    exif = Image.Exif()
    shown = {key: value for key, value in facts.items() if key.startswith(PREFIX)}
    exif[_DESCRIPTION] = json.dumps(shown)[:_LONGEST]
    exif[_SOFTWARE] = facts.get("Software", "hitzoo")
    return exif
