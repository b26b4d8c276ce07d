"""Images in TFRecords: raw as in StyleGAN's data sets (FFHQ), or encoded as PNG or JPEG."""

from __future__ import annotations

from bisect import bisect_right
from hashlib import sha256
from io import BytesIO
from itertools import accumulate
from math import prod

import numpy as np
from PIL import Image

from hitzoo.data.decode import decode
from hitzoo.data.example import Feature, parse_example
from hitzoo.data.ignored_files import IgnoredFiles
from hitzoo.data.place import place_of
from hitzoo.data.records import RecordFile
from hitzoo.data.shards import others_in, select_shards
from hitzoo.errors import DataError, UnreadableImage

_ENCODED = ("image/encoded", "image")  # the names of TensorFlow's models and of TensorFlow Datasets
_WANTED = "'shape' and 'data' (raw uint8), 'image/encoded' or 'image'"


class TFRecords:
    """The images of one TFRecord file or of a folder of them, sorted by file name.

    A record is a `tf.train.Example` with `shape` (channels, height, width) and `data` (uint8, in that order) as
    NVlabs/stylegan's dataset_tool.py writes it, or with an encoded image. Labels in it are not read.
    Of a folder that holds a data set at several sizes (`ffhq-r02.tfrecords` …) the one for `resolution` is used.
    Raises `DataError` if a file is truncated, damaged or missing, or there are no records.
    """

    def __init__(self, location: str, *, resolution: int) -> None:
        self.location = location
        path = place_of(location).absolute()
        self._folder = path if path.is_dir() else None
        paths = select_shards(path, resolution) if path.is_dir() else [path]
        self._files = [RecordFile(path) for path in paths]
        self._ends = list(accumulate(len(file) for file in self._files))
        if not len(self):
            raise DataError(f"data {location!r}: no records in {', '.join(path.name for path in paths)}")

    def __len__(self) -> int:
        return self._ends[-1]

    def label(self, index: int) -> str:
        """The file's name and the record's number in it, from 0."""
        file, record = self._place(index)
        return file.label(record)

    def read(self, index: int) -> Image.Image:
        """Decode record `index`; raises `DataError` if the file itself is gone or has become shorter."""
        file, record = self._place(index)
        content, name = file.read(record), file.label(record)
        try:
            features = parse_example(content)
            if "data" in features and "shape" in features:
                return _raw(features["shape"], features["data"])
            encoded = _encoded(features)
        except ValueError as error:
            raise UnreadableImage(name, str(error)) from error
        return decode(BytesIO(encoded), name)

    def ignored_files(self, *, looking_inside: bool = False) -> IgnoredFiles:
        """Count the other files of the folder; subfolders are neither read nor counted."""
        return others_in(self._folder) if self._folder is not None else IgnoredFiles()

    def fingerprint(self) -> str:
        """SHA-256 of the files' names, sizes (bytes), modification times (ns) and numbers of records."""
        return sha256("".join(file.stamp() for file in self._files).encode("utf-8", "surrogateescape")).hexdigest()

    def _place(self, index: int) -> tuple[RecordFile, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index} of {len(self)}")
        number = bisect_right(self._ends, index)
        return self._files[number], index - (self._ends[number - 1] if number else 0)


def _raw(shape: Feature, data: Feature) -> Image.Image:
    """Decode raw bytes of `shape` (channels, height, width)."""
    sizes = shape.numbers
    if len(sizes) != 3 or sizes[0] not in (1, 3, 4) or min(sizes) < 1:
        raise ValueError(f"its shape is {sizes}, not [channels, height, width] with 1, 3 or 4 channels")
    held = [len(content) for content in data.contents]
    if held != [prod(sizes)]:
        raise ValueError(f"its data are {' + '.join(map(str, held)) or 'no'} bytes, not the {prod(sizes)} of its shape")
    planes = np.frombuffer(data.contents[0], np.uint8).reshape(sizes)
    pixels = np.ascontiguousarray(planes.transpose(1, 2, 0))
    return Image.fromarray(pixels[:, :, 0] if sizes[0] == 1 else pixels)


def _encoded(features: dict[str, Feature]) -> memoryview:
    for name in _ENCODED:
        if name in features and len(features[name].contents) == 1:
            return features[name].contents[0]
    names = ", ".join(sorted(features)) or "nothing"
    raise ValueError(f"it holds {names}; an image is expected in {_WANTED}")
