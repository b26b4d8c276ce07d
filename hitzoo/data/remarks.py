"""Warnings about a data set that is likely to train badly, given in advance."""

from __future__ import annotations

from collections.abc import Mapping

FEW = 1000  # images; with fewer a network mostly memorises them
TINY = 16  # pixels of the shorter side
LONG = 4  # times as long as wide


def of_number(count: int) -> list[str]:
    """Remark on the number of (readable) images."""
    if count == 1:
        return ["there is only one image: a network trained on it can reproduce nothing else"]
    if 0 < count < FEW:
        return [
            f"{count:,} images are few: a network memorises them; {FEW:,} or more are a start"
            " (data.flip: true doubles them, where mirrored images are as good)"
        ]
    return []


def of_sizes(sizes: Mapping[tuple[int, int], int], resolution: int | None) -> list[str]:
    """Remarks on the counted (width, height) of images; `resolution` is the side of the model's images."""
    remarks = []
    if tiny := [size for size in sizes if min(size) < TINY]:
        remarks.append(f"{_images(sizes, tiny)} under {TINY} pixels wide or high (such as {_times(tiny[0])})")
    if long := [size for size in sizes if max(size) > LONG * min(size)]:
        remarks.append(
            f"{_images(sizes, long)} more than {LONG} times as long as wide (such as {_times(long[0])}): a square crop"
            " shows little of one"
        )
    if resolution and (small := [size for size in sizes if min(size) < resolution]):
        remarks.append(f"{_images(sizes, small)} smaller than {resolution}×{resolution} and would be enlarged")
    return remarks


def of_copies(copies: int) -> list[str]:
    """Remark on images with the same pixels as another."""
    if not copies:
        return []
    return [f"{copies:,} image{' is an exact copy of another' if copies == 1 else 's are exact copies of others'}"]


def _images(sizes: Mapping[tuple[int, int], int], chosen: list[tuple[int, int]]) -> str:
    count = sum(sizes[size] for size in chosen)
    return f"{count:,} image{' is' if count == 1 else 's are'}"


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
