"""Which file names are images: by their ending, and not hidden."""

from __future__ import annotations

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
ACCEPTED = "png, jpg, jpeg or webp"


def is_image(name: str) -> bool:
    """Whether the last part of a path is called like an image, in any case; `._x.png` and the like are not."""
    return name.lower().endswith(ENDINGS) and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name holds no data of the user's: dot files and what macOS puts in zips."""
    return name.startswith(".") or name == "__MACOSX"
