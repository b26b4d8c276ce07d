"""An image of a source as the square that a network sees; one way for checking, packing, training and evaluating."""

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
    """Image `index` as `prepare` makes it, which says what the settings are.

    Raises:
        UnreadableImage: whatever went wrong with this image between its file and its pixels.
        DataError: the source itself has gone.
    """
    with telling_of(source, index):
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
def telling_of(source: ImageSource, index: int) -> Iterator[None]:
    """Turn whatever is raised inside into `UnreadableImage` with the name of image `index`.

    Damaged files have made decoders and conversions raise anything; and where memory ends for one picture, the others
    may well be read.
    """
    try:
        yield
    except HitzooError:
        raise
    except Exception as error:
        raise UnreadableImage(source.label(index), reason_of(error)) from error
