"""Finds out what kind of place the user gave images from."""

from __future__ import annotations

from pathlib import Path

from hitzoo.data.archive import Archive
from hitzoo.data.folder import Folder
from hitzoo.data.names import ENDINGS
from hitzoo.data.source import ImageSource
from hitzoo.data.synthetic import Synthetic
from hitzoo.errors import DataError

_ALLOWED = "give a folder of images, a .zip file of images, or the word synthetic"


def open_source(location: str, *, resolution: int) -> ImageSource:
    """The images at `location`: "synthetic", a folder or a .zip file; `DataError` for anything else.

    `resolution` is the side at which synthetic images are drawn; files keep their own size.
    """
    if location == Synthetic.location:
        return Synthetic(resolution)
    path = Path(location).expanduser()
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as error:
        raise DataError(f"data {location!r}: {error.strerror}; {_ALLOWED}") from error
    if not location.strip() or not exists:
        raise DataError(f"data {location!r}: there is no such folder or file; {_ALLOWED}")
    if is_folder:
        return Folder(location)
    if path.suffix.lower() == ".zip":
        return Archive(location)
    if path.suffix.lower() in ENDINGS:
        raise DataError(f"data {location!r}: is a single image; give the folder it is in, {str(path.parent)!r}")
    raise DataError(f"data {location!r}: is neither a folder nor a .zip file; {_ALLOWED}")
