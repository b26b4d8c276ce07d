"""The path that a user means by the words for a place of data."""

from __future__ import annotations

from pathlib import Path


def place_of(location: str) -> Path:
    """The path, with `~` and `~user` replaced by a home folder where that is one.

    A file or folder that is itself called `~photos` is that one.
    """
    path = Path(location)
    first = path.parts[0] if path.parts else ""
    if not first.startswith("~"):
        return path
    try:
        if first != "~" and path.exists():
            return path
        return path.expanduser()
    except (OSError, RuntimeError):  # nobody of that name, or no home
        return path
