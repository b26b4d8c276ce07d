"""Images of CIFAR-10, CIFAR-100, STL-10 and MNIST as they are published."""

from __future__ import annotations

from bisect import bisect_right
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image

from hitzoo.data.ignored_files import IgnoredFiles, counted
from hitzoo.data.published_sets import PublishedSet
from hitzoo.data.raw_file import RawFile, raw_file
from hitzoo.data.split import divided
from hitzoo.errors import DataError


class RawImages:
    """The images of a split of a published set whose files lie in `folder`, in the order of the files.

    Labels stay where they are and are not read. `modified` (ns) is the time of the archive that the files come from,
    which the fingerprint has in place of theirs.
    Raises `DataError` if there is no such split, or a file of it is missing, truncated or holds something else.
    """

    def __init__(
        self, location: str, folder: Path, published: PublishedSet, split: str | None, *, modified: int | None = None
    ) -> None:
        self.location = location
        self._published = published
        self._folder = folder.absolute()
        self._is_unpacked = modified is not None
        try:
            names = published.files_of(split)
        except ValueError as error:
            raise DataError(f"data {location!r}: {error}") from error
        _refuse_missing(location, self._folder, published, names)
        self._files = [self._located(name, modified) for name in names]
        self._ends = list(accumulate(file.count for file in self._files))

    def __len__(self) -> int:
        return self._ends[-1]

    def label(self, index: int) -> str:
        """The file's name and the image's number in it, from 0."""
        file, place = self._place(index)
        return f"{file.path.name} image {place}"

    def read(self, index: int) -> Image.Image:
        """Read image `index`, RGB or grey; raises `DataError` if the file is gone or has become shorter."""
        file, place = self._place(index)
        try:
            content = file.read(place)
        except OSError as error:
            why = error.strerror or str(error)
            raise DataError(f"data {self.location!r}: cannot read {file.path}: {why}; start again") from error
        side = self._published.side
        planes = np.frombuffer(content, np.uint8).reshape(self._published.planes, side, side)
        if len(planes) == 1:
            return Image.fromarray(planes[0])
        order = (2, 1, 0) if self._published.by_columns else (1, 2, 0)
        return Image.fromarray(np.ascontiguousarray(planes.transpose(order)))

    def ignored_files(self, *, looking_inside: bool = False) -> IgnoredFiles:
        """Count the files of the folder that are none of the set; those in an archive are not counted."""
        if self._is_unpacked:
            return IgnoredFiles()
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:  # it could be listed when it was opened
            return IgnoredFiles()
        return counted(name for name in names if not self._published.belongs(name))

    def fingerprint(self) -> str:
        """SHA-256 of the files' names, sizes (bytes), modification times (ns) and numbers of images."""
        return sha256("".join(file.stamp() for file in self._files).encode()).hexdigest()

    def _located(self, name: str, modified: int | None) -> RawFile:
        try:
            return raw_file(self._folder / name, self._published, modified=modified)
        except OSError as error:
            raise DataError(f"data {self.location!r}: cannot read {name}: {error.strerror or error}") from error
        except ValueError as error:
            raise DataError(f"data {self.location!r}: {name} {error}; download the set again") from error

    def _place(self, index: int) -> tuple[RawFile, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index} of {len(self)}")
        number = bisect_right(self._ends, index)
        return self._files[number], index - (self._ends[number - 1] if number else 0)


def _refuse_missing(location: str, folder: Path, published: PublishedSet, names: list[str]) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if not missing:
        return
    whole = [split for split, files in published.splits.items() if all((folder / name).is_file() for name in files)]
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    other = f", or choose what is there: {divided(location)[0]}:{'+'.join(whole)}" if whole else ""
    raise DataError(f"data {location!r}: lacks {missing[0]}{more} of {published.name}; download the set again{other}")
