"""The split that a location may name after a colon, as in `cifar-10-python.tar.gz:test`."""

from __future__ import annotations

import re

from hitzoo.data.place import place_of

_WITH_SPLIT = re.compile(r"(?P<place>.+):(?P<split>[^:/\\]*)", re.DOTALL)


def divided(location: str) -> tuple[str, str | None]:
    """Divide a location into that of a file or folder and a split; None where it names none.

    A colon may belong to a name: only where nothing of the whole name exists, and something of that before the last
    colon does, the rest is a split.
    """
    match = _WITH_SPLIT.fullmatch(location)
    if match is None or _exists(location) or not _exists(match["place"]):
        return location, None
    return match["place"], match["split"]


def is_there(location: str) -> bool:
    """True if a location's file or folder exists, with or without a split."""
    return _exists(divided(location)[0])


def _exists(location: str) -> bool:
    try:
        return bool(location.strip()) and place_of(location).exists()
    except (OSError, ValueError, RuntimeError):  # no path can be that; nobody's home
        return False
