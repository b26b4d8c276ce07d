"""Limit on the side of a square image."""

from __future__ import annotations

from hitzoo.errors import RequestError

LARGEST_SIDE = 13_377  # pixels; Pillow reads no picture of more than 178,956,970, which is just above its square
_LONGEST = 12  # digits that are worth printing


def check_side(resolution: int) -> None:
    """Reject a side (pixels) that no image can have.

    Raises:
        RequestError: it is not between 1 and the limit.
    """
    if not 1 <= resolution <= LARGEST_SIDE:
        said = f"{resolution}" if abs(resolution) < 10**_LONGEST else f"of over {_LONGEST} digits"
        raise RequestError(f"resolution {said}: give 1 to {LARGEST_SIDE:,} pixels")
