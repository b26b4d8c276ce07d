"""Selection of the TFRecord files of a folder that form a data set."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hitzoo.data.ignored_files import IgnoredFiles, counted
from hitzoo.data.names import is_common_image, is_hidden
from hitzoo.errors import DataError

_SHARD = re.compile(r"\.tfrecords?(-\d+-of-\d+)?$", re.IGNORECASE)  # the number as TensorFlow Datasets puts it
_SIZED = re.compile(r"-r(\d\d)\.tfrecords?$", re.IGNORECASE)  # NVlabs/stylegan: log2 of the pictures' side


def is_shard(name: str) -> bool:
    """True if a file is named like a TFRecord file: .tfrecords, .tfrecord, .tfrecord-00000-of-00010."""
    return _SHARD.search(name) is not None and not is_hidden(name)


def holds_shards(folder: Path) -> bool:
    """True if a folder holds TFRecord files and no images beside them.

    Raises:
        OSError: the folder cannot be listed.
    """
    found = False
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_common_image(entry.name):
                return False
            found = found or (is_shard(entry.name) and entry.is_file())
    return found


def others_in(folder: Path) -> IgnoredFiles:
    """Count the other files of a folder of TFRecord files."""
    try:
        return counted(path.name for path in folder.iterdir() if not is_shard(path.name) and path.is_file())
    except OSError:  # it could be listed when it was opened
        return IgnoredFiles()


def select_shards(folder: Path, resolution: int) -> list[Path]:
    """Select the TFRecord files of a folder, sorted by name.

    Of a data set at several sizes (names that end in -r02 … -r10), only those of the smallest size that is at least
    `resolution` (pixels), else of the largest. Raises `DataError` if sizes and other files are mixed.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if is_shard(path.name) and path.is_file())
    except OSError as error:
        raise DataError(f"data {str(folder)!r}: cannot list the folder: {error.strerror}") from error
    sides = {path: 1 << int(match[1]) for path in paths if (match := _SIZED.search(path.name))}
    others = [path for path in paths if path not in sides]
    if not sides:
        return others
    if others:
        raise DataError(
            f"data {str(folder)!r}: holds a data set at several sizes ({next(iter(sides)).name} …) and other records"
            f" ({others[0].name}); give one of the files"
        )
    side = min((side for side in sides.values() if side >= resolution), default=max(sides.values()))
    return [path for path in paths if sides[path] == side]
