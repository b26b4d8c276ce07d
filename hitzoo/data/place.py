"""The path that a user means by the words for a place of data, and how these words are recorded."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hitzoo.places import place

_RECORDED_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


def place_of(location: str) -> Path:
    """The path that is meant, as everywhere (`hitzoo.places`); words as `recorded` writes them are read back."""
    return place(_as_given(location))


def recorded(location: str) -> str:
    r"""The words as UTF-8 can hold them, for specs and reports: bytes of names that are none become `\xf6`."""
    return location.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _as_given(location: str) -> str:
    if "\\x" not in location or os.path.lexists(location):
        return location
    name = os.fsencode(location) if os.name != "nt" else location.encode()
    given = os.fsdecode(_RECORDED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), name))
    return given if os.path.lexists(given) else location
