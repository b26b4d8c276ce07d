"""An image of a source as the square that a network sees; shared by checking, packing, training and evaluating."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from hitzoo.data.pixels import Pixels
from hitzoo.data.reasons import reason_of
from hitzoo.data.source import ImageSource
from hitzoo.data.transform import prepare
from hitzoo.errors import HitzooError, UnreadableImage


def read_square(
    source: ImageSource,
    index: int,
    *,
    resolution: int,
    channels: int,
    crop: str,
    crop_fraction: float,
    flip: bool,
    random: np.random.Generator | None,
) -> Pixels:
    """Read image `index` and `prepare` it, which documents the settings.

    Raises:
        UnreadableImage: anything that went wrong with this image between its file and its pixels.
        DataError: the source itself is gone.
    """
    with errors_as_unreadable(source, index):
        image = source.read(index)
        return prepare(
            image,
            resolution=resolution,
            channels=channels,
            crop=crop,
            crop_fraction=crop_fraction,
            flip=flip,
            random=random,
        )


@contextmanager
def errors_as_unreadable(source: ImageSource, index: int) -> Iterator[None]:
    """Turn any exception inside the block into `UnreadableImage` with the name of image `index`.

    Decoders and conversions raise anything on damaged files; and if memory runs out for one image, others may still be
    readable.
    """
    try:
        yield
    except HitzooError:
        raise
    except Exception as error:
        raise UnreadableImage(source.label(index), reason_of(error)) from error
