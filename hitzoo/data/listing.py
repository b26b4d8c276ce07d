"""Listing of the images under a folder, and of its other files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hitzoo.data.names import is_hidden, is_image


@dataclass
class Listing:
    """Contents of a folder, as relative paths with forward slashes.

    `unlisted` maps folders that cannot be listed, with a slash at the end, to the reason. `others` are the names of
    files that are not read, `passed` the hidden and system folders that were not entered.
    """

    images: list[str] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)


def list_images(root: Path) -> Listing:
    """List all folders under `root`; links are followed, and each real folder is entered once.

    Folders are identified by their real paths: some file systems have no inode numbers, or one for several folders.

    Raises:
        OSError: `root` itself cannot be listed.
    """
    found, entered, waiting = Listing(), set[str](), [""]
    while waiting:
        prefix = waiting.pop()
        real = os.path.realpath(root / prefix)
        if real in entered:
            continue
        entered.add(real)
        try:
            with os.scandir(root / prefix) as entries:
                listed = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            if not prefix:
                raise
            found.unlisted[prefix] = f"the folder cannot be listed: {error.strerror or error}"
            continue
        for entry in listed:
            if (folder := _sorted_in(entry, prefix, found)) is not None:
                waiting.append(folder)
    return found


def _sorted_in(entry: os.DirEntry[str], prefix: str, found: Listing) -> str | None:
    """Sort one entry into the listing; return it if it is a folder to be listed."""
    path = prefix + entry.name
    if _is_folder(entry):
        if not is_hidden(entry.name):
            return f"{path}/"
        found.passed.append(path)
    elif is_image(entry.name) and _is_file(entry):
        found.images.append(path)
    else:
        found.others.append(path)
    return None


def count_files(root: Path, folders: list[str]) -> int:
    """Count files in folders under `root`; a folder that cannot be listed counts as empty."""
    return sum(len(names) for folder in folders for names in _names_in(root / folder))


def _names_in(folder: Path) -> Iterator[list[str]]:
    for _, _, names in os.walk(folder):
        yield names


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circular link, or one to a place without permission
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """True for a plain file, or for a dangling link, which is reported as a missing image when it is read."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        return True
