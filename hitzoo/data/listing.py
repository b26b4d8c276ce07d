"""The images under a folder, and what else lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hitzoo.data.names import is_hidden, is_image


@dataclass
class Listing:
    """What is under a folder, as paths relative to it with forward slashes.

    `unlisted` are folders that cannot be looked into, with a slash at the end, and why. `others` are the names of files
    that are not read, `passed` the hidden and system folders that were not entered.
    """

    images: list[str] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)


def list_images(root: Path) -> Listing:
    """Go through all folders under `root`; links are followed, each real folder is entered once.

    Folders are told apart by their real paths: some file systems have no numbers for them, or one for several.

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
    """Enter one name where it belongs; the folder that is to be looked into, where it is one."""
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
    """How many files there are in folders under `root`; what cannot be listed holds none that anybody knows of."""
    return sum(len(names) for folder in folders for names in _names_in(root / folder))


def _names_in(folder: Path) -> Iterator[list[str]]:
    for _, _, names in os.walk(folder):
        yield names


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or to a place that may not be looked at
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A plain file, or a link that leads nowhere: that one is a missing image, to be reported when it is read."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        return True
