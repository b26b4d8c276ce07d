"""A file of raw images at equal distances, read at any place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from hitzoo.data.batch_pickle import rows_of
from hitzoo.data.published_sets import PublishedSet

_IDX = Struct(">IIII")  # kind, images, rows, columns
_IDX_BYTES_3D = 0x00000803  # unsigned bytes in three dimensions
_LARGEST_BATCH = 1 << 30  # bytes of a pickled batch, which is read whole once; the largest published one has 155 MB


@dataclass(frozen=True)
class RawFile:
    """`count` images of `image_bytes` each; the first begins at byte `first`, each other one `step` bytes after it.

    The file is opened for every read, so threads and processes share no position. `size` (bytes) and `modified` (ns)
    are those at the beginning.
    """

    path: Path
    size: int
    modified: int
    first: int
    step: int
    count: int
    image_bytes: int

    def read(self, index: int) -> bytes:
        """Read image `index`.

        Raises:
            OSError: the file is gone or has become shorter.
        """
        with self.path.open("rb") as file:
            file.seek(self.first + index * self.step)
            content = file.read(self.image_bytes)
        if len(content) < self.image_bytes:
            raise OSError("it has been truncated since it was opened")
        return content

    def stamp(self) -> str:
        """File name, size (bytes), modification time (ns) and number of images."""
        return f"{self.path.name}\0{self.size}\0{self.modified}\0{self.count}\n"


def idx_header(path: Path, side: int) -> int:
    """Check the header of an IDX file of grey square images, and return its length in bytes.

    Raises:
        OSError: it cannot be read.
        ValueError: the file does not hold such images, or not as many as it says.
    """
    with path.open("rb") as file:
        head = file.read(_IDX.size)
        held = file.seek(0, 2) - _IDX.size
    if len(head) < _IDX.size or (found := _IDX.unpack(head))[0] != _IDX_BYTES_3D or found[2:] != (side, side):
        raise ValueError(f"does not begin as an IDX file of {side}×{side} bytes does")
    if held != found[1] * side**2:
        raise ValueError(f"says {found[1]:,} images and holds {held / side**2:,.6g}: it is truncated or something else")
    return _IDX.size


def raw_file(path: Path, published: PublishedSet, *, modified: int | None = None) -> RawFile:
    """Locate the images of one file of a published set; `modified` (ns) takes the place of the file's own time.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds something else, or is truncated; the text completes "the file …".
    """
    status = path.stat()
    size, image_bytes = status.st_size, published.image_bytes
    if published.label_bytes is None:
        if size > _LARGEST_BATCH:
            raise ValueError(f"has {size:,} bytes, too many for a batch of {published.name}")
        rows = rows_of(path.read_bytes(), image_bytes)
        first, step, count = rows.first, image_bytes, rows.count
    else:
        header = idx_header(path, published.side) if published.is_idx else 0
        first, step = header + published.label_bytes, published.label_bytes + image_bytes
        count, rest = divmod(size - header, step)
        if rest:
            raise ValueError(
                f"has {size:,} bytes, which are {count:,} images of {published.name} at {step:,} and {rest:,} bytes"
                " more: it is truncated or something else"
            )
    if not count:
        raise ValueError("holds no images")
    return RawFile(path, size, status.st_mtime_ns if modified is None else modified, first, step, count, image_bytes)
