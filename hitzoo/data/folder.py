"""A folder of images, with its sub-folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from PIL import Image

from hitzoo.data.decode import decode
from hitzoo.data.names import ACCEPTED, is_hidden, is_image
from hitzoo.errors import DataError


class Folder:
    """The image files under a folder, in the order of their paths relative to it.

    Other files are not read, the dataset.json of an unpacked NVIDIA zip file neither.
    Raises `DataError` where the folder cannot be listed or holds no images.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._root = Path(location).expanduser().absolute()
        try:
            self._names = sorted(_image_names(self._root))
        except OSError as error:
            place = error.filename or location
            raise DataError(f"data {location!r}: cannot list the folder {str(place)!r}: {error.strerror}") from error
        if not self._names:
            raise DataError(f"data {location!r}: no images in this folder; files must end in {ACCEPTED}")

    def __len__(self) -> int:
        return len(self._names)

    def label(self, index: int) -> str:
        """The file's path relative to the folder, with forward slashes."""
        return self._names[index]

    def read(self, index: int) -> Image.Image:
        """The picture in file `index`."""
        return decode(self._root / self._names[index], self._names[index])

    def fingerprint(self) -> str:
        """SHA-256 over the sorted relative paths, sizes (bytes) and modification times (ns) of the files."""
        digest = sha256()
        for name in self._names:
            size, modified = _size_and_time(self._root / name)
            digest.update(os.fsencode(name) + f"\0{size}\0{modified}\n".encode())
        return digest.hexdigest()


def _image_names(root: Path) -> Iterator[str]:
    """The relative paths of the images under `root`; links are followed, each real folder is entered once."""
    entered: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        place = root / prefix
        status = place.stat()
        if (status.st_dev, status.st_ino) in entered:
            continue
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(place) as entries:
            listed = sorted(entries, key=lambda entry: entry.name, reverse=True)
        for entry in listed:
            if entry.is_dir() and not is_hidden(entry.name):
                waiting.append(f"{prefix}{entry.name}/")
            elif is_image(entry.name) and _is_file(entry):
                yield prefix + entry.name


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A plain file, or a link that leads nowhere: that one is a missing image, to be reported when it is read."""
    return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns
