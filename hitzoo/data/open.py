"""Opening of a source of images, by the kind of its location."""

from __future__ import annotations

from hitzoo.data.archive import Archive
from hitzoo.data.folder import Folder
from hitzoo.data.formats import endings
from hitzoo.data.hugging_face import PREFIX, HuggingFace
from hitzoo.data.place import place_of
from hitzoo.data.shards import holds_shards, is_shard
from hitzoo.data.source import ImageSource
from hitzoo.data.synthetic import Synthetic
from hitzoo.data.tfrecords import TFRecords
from hitzoo.errors import DataError

ALLOWED = (
    "give a folder of images, a .zip or .tfrecords file of images, hf:ORG/NAME for a data set on Hugging Face,"
    " or the word synthetic"
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
    path = place_of(location)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"data {location!r}: {why}; {ALLOWED}") from error
    if not location.strip() or not exists:
        raise DataError(f"data {location!r}: no such folder or file; {ALLOWED}")
    return _folder(location, resolution) if is_folder else _file(location, resolution)


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
    raise DataError(f"data {location!r}: is not a folder, a .zip or a .tfrecords file; {ALLOWED}")
