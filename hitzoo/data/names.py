"""Which file names are images: by their ending, and not kept by a system for itself."""

from __future__ import annotations

from hitzoo.data.formats import FIRST_ENDINGS, endings

# What NAS, Windows, macOS and Linux put beside files: thumbnails, deleted files, snapshots and their own lists. Names
# with a dot in front (.Trash-1000, .thumbnails, .AppleDouble, .DS_Store, ._x.png) are hidden without being named here.
_SYSTEM = {
    "$recycle.bin",
    "#recycle",
    "#snapshot",
    "@eadir",
    "@recently-snapshot",
    "@recycle",
    "@sharebin",
    "@snapshot",
    "@tmp",
    "__macosx",
    "desktop db",
    "desktop df",
    "desktop.ini",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "icon\r",
    "lost+found",
    "network trash folder",
    "recycler",
    "system volume information",
    "temporary items",
    "thumbs.db",
    "thumbs.db:encryptable",
    "~snapshot",
}

_LONGEST_ENDING = 12  # letters; what is longer after a dot is a part of the name


def is_image(name: str) -> bool:
    """Whether the last part of a path is called like an image, in any case; `._x.png` and the like are not."""
    return name.lower().endswith(endings()) and not is_hidden(name)


def is_common_image(name: str) -> bool:
    """Whether it is called like an image of the kinds that hitzoo read first: they tell what a folder is."""
    return name.lower().endswith(FIRST_ENDINGS) and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name holds no data of the user's: dot files and what systems keep.

    Names of two dots and more (`..`, `...and more`) are not hidden: they are steps in a path, or somebody's own.
    """
    return (name.startswith(".") and name != "." and not name.startswith("..")) or name.lower() in _SYSTEM


def ending_of(name: str) -> str:
    """`.tif` of a file's name, in small letters; nothing where it has none."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if stem and dot and last.isalnum() and len(last) <= _LONGEST_ENDING else ""
