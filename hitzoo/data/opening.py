"""Notes on a data set, printed when training, packing or evaluating begins."""

from __future__ import annotations

from hitzoo.data.ignored_files import ignored_files
from hitzoo.data.remarks import of_number
from hitzoo.data.source import ImageSource
from hitzoo.data.synthetic import Synthetic

_LOOKED_AT = 4  # images: enough to recognise a set of icons, few enough to be quick


def opening_notes(source: ImageSource, resolution: int, *, for_training: bool = True) -> list[str]:
    """Note ignored files, and for training also a small number or a small size of images.

    `resolution` is the side (pixels) that images are resized to.
    """
    aside = ignored_files(source)
    notes = [f"ignored in {source.location}: {aside}"] if aside.is_worth_a_line else []
    if for_training:
        notes += [f"note: {remark}" for remark in of_number(len(source))]
    return notes + _of_small(source, resolution)


def _of_small(source: ImageSource, resolution: int) -> list[str]:
    """Note if most of a sample of images, spread evenly, are smaller than `resolution`."""
    if isinstance(source, Synthetic):
        return []
    total = len(source)
    indices = sorted({place * total // _LOOKED_AT for place in range(_LOOKED_AT)})
    sides = [side for index in indices if (side := _shorter_side(source, index)) is not None]
    small = [side for side in sides if side < resolution]
    if 2 * len(small) <= len(sides):
        return []
    seen = f"{min(small):,} to {max(small):,} pixels"
    return [
        f"note: most images are smaller than {resolution}×{resolution} ({seen}) and are enlarged;"
        " `hitzoo data check` says which specs fit"
    ]


def _shorter_side(source: ImageSource, index: int) -> int | None:
    try:
        return min(source.read(index).size)
    except Exception:  # reported when the image is needed
        return None
