"""Readable image formats and their file extensions."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from PIL import features

# Pillow's other formats stay disabled: some start programs (EPS), and nobody trains on them. The contents decide, not
# the extension; a wrong extension among these is harmless and common.
_ALWAYS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jfif", ".jpe"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
}
_AVIF = (".avif",)
_HEIF = (".heic", ".heif", ".hif")
_WAYS = {
    **dict.fromkeys(_AVIF, "a Pillow of 11.3 or later reads it"),
    **dict.fromkeys(_HEIF, "read with pip install 'hitzoo[heic]'"),
}

FIRST_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")  # of the formats read from the first version on


@lru_cache(maxsize=1)
def formats() -> tuple[str, ...]:
    """Pillow's names of the readable formats."""
    return (*_ALWAYS, *(("AVIF",) if _reads_avif() else ()), *(("HEIF",) if _reads_heif() else ()))


@lru_cache(maxsize=1)
def endings() -> tuple[str, ...]:
    """Extensions of image files, in lower case with the dot."""
    known = [ending for group in _ALWAYS.values() for ending in group]
    return (*known, *(_AVIF if _reads_avif() else ()), *(_HEIF if _reads_heif() else ()))


def accepted() -> str:
    """The extensions in words."""
    *first, last = (ending.removeprefix(".") for ending in endings())
    return f"{', '.join(first)} or {last}"


def way_to_read(ending: str) -> str:
    """Advice on reading files of this extension, which is not readable here; empty if there is none."""
    return "" if ending in endings() else _WAYS.get(ending, "")


def _reads_avif() -> bool:
    return "avif" in features.modules and bool(features.check("avif"))


@lru_cache(maxsize=1)
def _reads_heif() -> bool:
    """True if the optional pillow-heif is installed; registers it with Pillow."""
    try:
        import_module("pillow_heif").register_heif_opener()
    except Exception:  # not installed, or not for this system: such files are ignored and counted
        return False
    return True
