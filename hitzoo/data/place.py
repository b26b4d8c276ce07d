"""The path that a user means by the words for a place of data, and how these words are recorded."""

from __future__ import annotations

import os
import re
from pathlib import Path

_RECORDED_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


def place_of(location: str) -> Path:
    """The path, with `~` and `~user` replaced by a home folder where that is one.

    A file or folder that is itself called `~photos` is that one. Words as `recorded` writes them are read back.
    """
    path = Path(_as_given(location))
    first = path.parts[0] if path.parts else ""
    if not first.startswith("~"):
        return path
    try:
        if first != "~" and path.exists():
            return path
        return path.expanduser()
    except (OSError, RuntimeError):  # nobody of that name, or no home
        return path


def recorded(location: str) -> str:
    r"""The words as UTF-8 can hold them, for specs and reports: bytes of names that are none become `\xf6`."""
    return location.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _as_given(location: str) -> str:
    if "\\x" not in location or os.path.lexists(location):
        return location
    name = os.fsencode(location) if os.name != "nt" else location.encode()
    given = os.fsdecode(_RECORDED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), name))
    return given if os.path.lexists(given) else location
