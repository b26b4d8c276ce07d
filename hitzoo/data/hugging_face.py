"""Data sets of the Hugging Face Hub, or saved by its library; requires the optional `datasets` (`hitzoo[data]`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from pathlib import Path
from textwrap import shorten
from typing import Any

from PIL import Image

from hitzoo.data.decode import decode
from hitzoo.data.place import place_of
from hitzoo.errors import DataError, UnreadableImage

PREFIX = "hf:"
_FORM = "hf:ORG/NAME[/CONFIG][:SPLIT][@REVISION]"
_PARTS = re.compile(r"(?P<name>[^:@]+)(:(?P<split>[^:@[]+(\[[^]@]*\])?))?(@(?P<revision>[^:@]+))?")
_SAVED = ("state.json", "dataset_dict.json")  # written by Dataset.save_to_disk and DatasetDict.save_to_disk


class HuggingFace:
    """The images of one split, in its order, from its first image column; other columns are not read.

    `location` is hf:ORG/NAME[/CONFIG][:SPLIT][@REVISION]; the split is "train" by default and may be sliced in the
    library's syntax ("train[:1000]"). A name that begins with `.`, `/` or `~` is a local folder, saved by
    `save_to_disk` or of files that `load_dataset` understands. Rows are read one by one from the library's
    memory-mapped cache. Raises `DataError` if the library is not installed or cannot load it, or if no column holds
    images.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        datasets, address = _library(location), _address(location)
        try:
            rows = _load(datasets, address)
        except Exception as error:  # the library, pyarrow and the network raise anything
            raise DataError(f"data {location!r}: {_reason(error)}") from error
        self._column = _picture_column(datasets, rows, location)
        self._fingerprint = f"{rows._fingerprint}\0{self._column}\0{len(rows)}"
        self._rows = rows.select_columns([self._column]).cast_column(self._column, datasets.Image(decode=False))
        if not len(self):
            raise DataError(f"data {location!r}: the split {address.split!r} has no rows")

    def __len__(self) -> int:
        return len(self._rows)

    def label(self, index: int) -> str:
        """Location as given, and the row's number from 0."""
        return f"{self.location} row {index}"

    def read(self, index: int) -> Image.Image:
        """Decode row `index`."""
        name = self.label(index)
        try:
            cell = self._rows[index][self._column] or {}
        except Exception as error:
            raise UnreadableImage(name, str(error) or type(error).__name__) from error
        if cell.get("bytes"):
            return decode(BytesIO(cell["bytes"]), name)
        if cell.get("path"):
            return decode(Path(cell["path"]), name)
        raise UnreadableImage(name, "this row has no image")

    def fingerprint(self) -> str:
        """SHA-256 of the library's fingerprint of the split, the column's name and the number of rows."""
        return sha256(self._fingerprint.encode()).hexdigest()


@dataclass(frozen=True)
class _Address:
    """Address of a split: on the Hub (`name` is ORG/NAME), or in a folder."""

    name: str
    config: str | None
    split: str
    revision: str | None
    is_folder: bool


def _address(location: str) -> _Address:
    match = _PARTS.fullmatch(location.removeprefix(PREFIX))
    if match is None:
        raise DataError(f"data {location!r}: does not have the form {_FORM}")
    name, split, revision = match["name"], match["split"] or "train", match["revision"]
    if name.startswith((".", "/", "~")):
        if revision is not None:
            raise DataError(f"data {location!r}: a folder has no revisions; leave '@{revision}' out")
        return _Address(str(place_of(name).absolute()), None, split, None, is_folder=True)
    if name.count("/") == 2:
        name, config = name.rsplit("/", 1)
        return _Address(name, config, split, revision, is_folder=False)
    return _Address(name, None, split, revision, is_folder=False)


def _library(location: str) -> Any:
    try:
        return import_module("datasets")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "datasets":
            why = "needs the library 'datasets', which is not installed"
        else:
            why = f"the library 'datasets' cannot be imported ({error})"
        raise DataError(f"data {location!r}: {why}; pip install 'hitzoo[data]'") from error


def _load(datasets: Any, address: _Address) -> Any:
    """Load the split as a `datasets.Dataset`; the library's errors propagate."""
    if address.is_folder and any((Path(address.name) / file).is_file() for file in _SAVED):
        saved = datasets.load_from_disk(address.name)
        if not isinstance(saved, dict):  # one split, saved without its name
            return saved
        if address.split not in saved:
            raise ValueError(f"Unknown split {address.split!r}. Should be one of {sorted(saved)}.")
        return saved[address.split]
    return datasets.load_dataset(address.name, address.config, split=address.split, revision=address.revision)


def _picture_column(datasets: Any, rows: Any, location: str) -> str:
    for name, feature in rows.features.items():
        if isinstance(feature, datasets.Image):
            return str(name)
    columns = ", ".join(f"{name!r}" for name in rows.features) or "none"
    raise DataError(f"data {location!r}: no column holds images (feature Image); its columns: {columns}")


def _reason(error: Exception) -> str:
    """The library's message in one line, with advice."""
    said = shorten(str(error), 400, placeholder=" …") or type(error).__name__
    if isinstance(error, (ConnectionError, TimeoutError)):
        return f"{said}; without a network only what was loaded before can be read, or a folder: hf:./NAME"
    return f"{said} (the form is {_FORM})"
