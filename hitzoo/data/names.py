"""File names of images: by extension, without hidden and system files."""

from __future__ import annotations

from hitzoo.data.formats import FIRST_ENDINGS, endings

# Folders and files that NAS, Windows, macOS and Linux add: thumbnails, deleted files, snapshots and indexes. Dot files
# (.Trash-1000, .thumbnails, .AppleDouble, .DS_Store, ._x.png) are hidden without being listed here.
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

_LONGEST_ENDING = 12  # letters; a longer suffix is part of the name


def is_image(name: str) -> bool:
    """True if the last component of a path has an image's extension, in any case; not for `._x.png` and the like."""
    return name.lower().endswith(endings()) and not is_hidden(name)


def is_common_image(name: str) -> bool:
    """True if the extension is one of the common ones, which decide whether a folder holds images."""
    return name.lower().endswith(FIRST_ENDINGS) and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """True for names of dot files and of files and folders that operating systems keep.

    Names that begin with two dots (`..`, `...and more`) are not hidden: they are path components or the user's own.
    """
    return (name.startswith(".") and name != "." and not name.startswith("..")) or name.lower() in _SYSTEM


def ending_of(name: str) -> str:
    """Extension of a file's name, such as `.tif`, in lower case; empty if it has none."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if stem and dot and last.isalnum() and len(last) <= _LONGEST_ENDING else ""
