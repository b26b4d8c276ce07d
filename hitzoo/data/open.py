"""Opening of a source of images, by the kind of its location."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hitzoo.data.archive import Archive
from hitzoo.data.folder import Folder
from hitzoo.data.formats import endings
from hitzoo.data.hugging_face import PREFIX, HuggingFace
from hitzoo.data.place import place_of
from hitzoo.data.published_sets import set_in
from hitzoo.data.raw_images import RawImages
from hitzoo.data.shards import holds_shards, is_shard
from hitzoo.data.source import ImageSource
from hitzoo.data.split import divided
from hitzoo.data.synthetic import Synthetic
from hitzoo.data.tfrecords import TFRecords
from hitzoo.data.unpacking import is_tar, unpacked
from hitzoo.errors import DataError

ALLOWED = (
    "give a folder of images, a .zip or .tfrecords file of images, the archive of CIFAR-10, CIFAR-100 or STL-10,"
    " a folder of MNIST's files, hf:ORG/NAME for a data set on Hugging Face, or the word synthetic"
)


def open_source(location: str, *, resolution: int) -> ImageSource:
    """Open the images at `location`, of a kind described by `ALLOWED`; raises `DataError` for anything else.

    `resolution` is the side of synthetic images, and the size selected from a folder of TFRecords of several sizes;
    images keep their own size.
    """
    if location == Synthetic.location:
        return Synthetic(resolution)
    if location.startswith(PREFIX):
        return HuggingFace(location)
    place, split = divided(location)
    path = place_of(place)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"data {location!r}: {why}; {ALLOWED}") from error
    if not location.strip() or not exists:
        raise DataError(f"data {location!r}: no such folder or file; {ALLOWED}")
    if (raw := _published(location, path, split, is_folder=is_folder)) is not None:
        return raw
    if split is not None:
        raise DataError(
            f"data {location!r}: no such folder or file, and {place!r} has no splits to choose from, as those of"
            " CIFAR-10, CIFAR-100, STL-10 and MNIST have"
        )
    return _folder(location, resolution) if is_folder else _file(location, resolution)


def _published(location: str, path: Path, split: str | None, *, is_folder: bool) -> RawImages | None:
    """The images of a published set, from its archive or from its files in a folder; None for other places."""
    if is_folder:
        try:
            found = set_in(path)
        except OSError:  # Folder reports the problem
            return None
        return RawImages(location, path, found, split) if found is not None else None
    if not is_tar(path.name):
        return None
    folder, found = unpacked(location, path)
    return RawImages(location, folder, found, split, modified=path.stat().st_mtime_ns)


def _folder(location: str, resolution: int) -> ImageSource:
    try:
        of_records = holds_shards(place_of(location))
    except OSError:  # Folder reports the problem
        of_records = False
    return TFRecords(location, resolution=resolution) if of_records else Folder(location)


def _file(location: str, resolution: int) -> ImageSource:
    path = place_of(location)
    if path.suffix.lower() == ".zip":
        return Archive(location)
    if is_shard(path.name):
        return TFRecords(location, resolution=resolution)
    if path.suffix.lower() in endings():
        raise DataError(f"data {location!r}: is a single image; give its folder, {str(path.parent)!r}")
    with suppress(OSError):
        if (found := set_in(path.parent)) is not None and found.belongs(path.name):
            raise DataError(f"data {location!r}: is one file of {found.name}; give its folder, {str(path.parent)!r}")
    raise DataError(f"data {location!r}: is not a folder, a .zip, .tfrecords or .tar.gz file; {ALLOWED}")
