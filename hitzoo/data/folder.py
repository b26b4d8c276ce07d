"""A folder of images, with its subfolders."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256

from PIL import Image

from hitzoo.data.decode import decode
from hitzoo.data.formats import accepted
from hitzoo.data.ignored_files import IgnoredFiles, counted
from hitzoo.data.listing import Listing, count_files, list_images
from hitzoo.data.place import place_of
from hitzoo.data.published_sets import set_of
from hitzoo.errors import DataError, UnreadableImage


class Folder:
    """The image files under a folder, sorted by relative path.

    Other files are not read, nor is the dataset.json of an unpacked NVIDIA zip file. A subfolder that cannot be listed
    counts as one unreadable image, named with a slash at the end.
    Raises `DataError` if the folder itself cannot be listed or holds no images.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._root = place_of(location).absolute()
        try:
            found = list_images(self._root)
        except OSError as error:
            place = error.filename or location
            raise DataError(
                f"data {location!r}: cannot list the folder {str(place)!r}: {error.strerror or error}"
            ) from error
        self._unlisted = found.unlisted
        self._passed = found.passed
        self._others = counted(_last(path) for path in found.others)
        self._names = sorted([*found.images, *found.unlisted])
        if not found.images:
            raise DataError(f"data {location!r}: no images in this folder; {self._why_none(found)}")

    def __len__(self) -> int:
        return len(self._names)

    def label(self, index: int) -> str:
        """Path relative to the folder, with forward slashes."""
        return self._names[index]

    def read(self, index: int) -> Image.Image:
        """Decode file `index`."""
        name = self._names[index]
        if name in self._unlisted:
            raise UnreadableImage(name, self._unlisted[name])
        return decode(self._root / name, name)

    def ignored_files(self, *, looking_inside: bool = False) -> IgnoredFiles:
        """Count the other files of the folder."""
        folders = counted((), (_last(path) for path in self._passed)).folders
        inside = count_files(self._root, self._passed) if looking_inside and self._passed else None
        return IgnoredFiles(self._others.endings, self._others.hidden, folders, inside, self._others.belonging)

    def fingerprint(self) -> str:
        """SHA-256 of the sorted relative paths, sizes (bytes) and modification times (ns) of the files."""
        digest = sha256()
        for name in self._names:
            size, modified = self._size_and_time(name)
            digest.update(os.fsencode(name) + f"\0{size}\0{modified}\n".encode())
        return digest.hexdigest()

    def _size_and_time(self, name: str) -> tuple[int, int]:
        if name in self._unlisted:
            return -1, -1
        try:
            status = (self._root / name).stat()
        except OSError:
            return -1, -1
        return status.st_size, status.st_mtime_ns

    def _why_none(self, found: Listing) -> str:
        if found.unlisted:
            name, reason = next(iter(found.unlisted.items()))
            return f"{name}: {reason}"
        if (below := _published_below(found.others)) is not None:
            return f"{below[1]} lies in it; give {str(self._root / below[0])!r}"
        aside = self.ignored_files(looking_inside=True)
        there = f"; there are: {aside}" if aside else ""
        return f"files must end in {accepted()}{there}"


def _published_below(files: Iterable[str]) -> tuple[str, str] | None:
    """A subfolder with the files of a published set, and the set's name."""
    folders = defaultdict[str, list[str]](list)
    for path in files:
        above, _, name = path.rpartition("/")
        folders[above].append(name)
    for above, names in sorted(folders.items()):
        with suppress(ValueError):  # several sets in one folder
            if above and (found := set_of(names)) is not None:
                return above, found.name
    return None


def _last(path: str) -> str:
    return path.rpartition("/")[2]
