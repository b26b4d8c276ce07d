"""A group of attention heads in a spec, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Pattern: TypeAlias = Literal["regional", "dilated", "shifted_window", "neighborhood", "row", "column", "global"]


@dataclass(frozen=True, kw_only=True)
class HeadGroupSpec:
    """Heads that see the same positions: each position of a map sees others by the `pattern`.

    `size` is the side of a block of pixels, of a window or of a neighborhood, `dilation` the distance between the
    positions of a neighborhood. Groups without `heads` share evenly those that others leave. `bias` gives each head a
    learned bias by the offset from key to query.
    """

    pattern: Pattern
    size: int | None = None
    dilation: int = 1
    heads: int | None = None
    bias: bool = False
