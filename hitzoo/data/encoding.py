"""Encoding of a source's images as square PNG files, in several processes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO

from PIL import Image

from hitzoo.data.parallel_map import parallel_parts
from hitzoo.data.sides import check_side
from hitzoo.data.source import ImageSource
from hitzoo.data.square import errors_as_unreadable, read_square
from hitzoo.errors import RequestError, UnreadableImage

_AT_ONCE, _PIXELS_AT_ONCE = 16, 1 << 20  # images sent together between processes: worth the overhead, and not too large
_PNG_LEVEL = 4  # zlib's; level 6 takes up to 1.6 times as long for the same size, 1 is 5 % larger and as slow to decode


@dataclass(frozen=True, kw_only=True)
class Square:
    """Conversion of each image: a crop, then `resolution` × `resolution` pixels of `channels` bytes.

    The names are those of the spec's `data`; training on the packed file at this resolution, with `crop: center` and a
    `crop_fraction` of 1, sees exactly the pixels that it would make from the source with these settings.
    """

    resolution: int
    channels: int = 3
    crop: str = "center"
    crop_fraction: float = 1.0

    def __post_init__(self) -> None:
        check_side(self.resolution)
        if self.channels not in (1, 3, 4):
            raise RequestError(f"channels {self.channels}: give 1, 3 or 4")
        if self.crop not in ("center", "none"):
            raise RequestError(f"crop {self.crop!r}: give center or none; random crops are made during training")
        if not 0 < self.crop_fraction <= 1:
            raise RequestError(f"crop fraction {self.crop_fraction}: give more than 0 and at most 1")


@dataclass(frozen=True)
class _Encoding:
    """Encodes images as PNG files; sent to worker processes."""

    source: ImageSource
    square: Square

    def __call__(self, indices: range) -> list[bytes | UnreadableImage]:
        return [self._encode(index) for index in indices]

    def _encode(self, index: int) -> bytes | UnreadableImage:
        grey = self.square.channels == 1
        try:
            with errors_as_unreadable(self.source, index):
                pixels = read_square(self.source, index, **asdict(self.square), flip=False, random=None)
                stream = BytesIO()
                Image.fromarray(pixels[:, :, 0] if grey else pixels).save(stream, "PNG", compress_level=_PNG_LEVEL)
                return stream.getvalue()
        except UnreadableImage as error:
            return error


def encoded(
    source: ImageSource, square: Square, indices: Sequence[range], workers: int | None
) -> Generator[bytes | UnreadableImage]:
    """Encode the images of these ranges as PNG files, in order, or give the reason why one cannot be read.

    `workers` is the number of processes; None takes one per core that this process may use.
    """
    step = images_at_once(square.resolution)
    parts = (part[first : first + step] for part in indices for first in range(0, len(part), step))
    return parallel_parts(_Encoding(source, square), parts, images=sum(map(len, indices)), workers=workers)


def images_at_once(resolution: int) -> int:
    """Return how many images of this side a worker is sent together."""
    return max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // resolution**2))
