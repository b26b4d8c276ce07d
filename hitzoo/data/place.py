"""The path behind a data location as the user wrote it, and its record."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hitzoo.places import place

_RECORDED_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


def place_of(location: str) -> Path:
    """Resolve a location to a path, as everywhere (`hitzoo.places`); the form written by `recorded` is read back."""
    return place(_as_given(location))


def recorded(location: str) -> str:
    r"""Encode a location as valid UTF-8 for specs and reports: undecodable bytes of names become `\xf6`."""
    return location.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _as_given(location: str) -> str:
    if "\\x" not in location or os.path.lexists(location):
        return location
    name = os.fsencode(location) if os.name != "nt" else location.encode()
    given = os.fsdecode(_RECORDED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), name))
    return given if os.path.lexists(given) else location
