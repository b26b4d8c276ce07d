"""Which formats of pictures can be read here, and what the names of their files end in."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from PIL import features

# Pillow's other formats stay closed: some start programs (EPS), and nobody trains on them. What a file holds decides,
# not its ending; a wrong ending among these is harmless and common.
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

FIRST_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")  # of the formats that hitzoo read first


@lru_cache(maxsize=1)
def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are opened."""
    return (*_ALWAYS, *(("AVIF",) if _reads_avif() else ()), *(("HEIF",) if _reads_heif() else ()))


@lru_cache(maxsize=1)
def endings() -> tuple[str, ...]:
    """What the names of pictures end in, in small letters with the dot."""
    known = [ending for group in _ALWAYS.values() for ending in group]
    return (*known, *(_AVIF if _reads_avif() else ()), *(_HEIF if _reads_heif() else ()))


def accepted() -> str:
    """The endings in words."""
    *first, last = (ending.removeprefix(".") for ending in endings())
    return f"{', '.join(first)} or {last}"


def way_to_read(ending: str) -> str:
    """What a file of this ending, which is not read here, can be read with; nothing where there is no way."""
    return "" if ending in endings() else _WAYS.get(ending, "")


def _reads_avif() -> bool:
    return "avif" in features.modules and bool(features.check("avif"))


@lru_cache(maxsize=1)
def _reads_heif() -> bool:
    """Whether the optional pillow-heif is there; it is told to Pillow then."""
    try:
        import_module("pillow_heif").register_heif_opener()
    except Exception:  # not installed, or not for this system: such files are left aside and told
        return False
    return True
