"""Rows of a map that are computed together: a rectangle of its pixels, and later all their descendants.

Where every pixel depends on its own ancestor alone, rows may stand in any order. They stand so that a pixel's four
children follow each other (Z-order, a quadtree): doubling the resolution then moves nothing, and any run of rows is a
chunk of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch


class PixelBlock(NamedTuple):
    """A rectangle of `height`×`width` pixels at (`top`, `left`) of a map, doubled `depth` times since.

    Its rows: the rectangle row by row, in each pixel its four children (dy, dx), in each of these its own, and so on.
    A named tuple, since torch.compile cannot rebuild a frozen dataclass in every version.
    """

    top: int
    left: int
    height: int
    width: int
    depth: int = 0

    @property
    def size(self) -> int:
        """Number of rows."""
        return (self.height * self.width) << (2 * self.depth)

    @property
    def scale(self) -> int:
        """Side, in current pixels, of one pixel of the rectangle."""
        return 1 << self.depth

    def doubled(self) -> PixelBlock:
        """Return the same rectangle at twice the resolution: every row becomes four."""
        return PixelBlock(self.top, self.left, self.height, self.width, self.depth + 1)

    def chunks(self, rows: int) -> Iterator[tuple[slice, PixelBlock]]:
        """Split into runs of at most `rows` rows, or of one row, each a rectangle of its own."""
        begin = 0
        for piece in self._split(rows):
            yield slice(begin, begin + piece.size), piece
            begin += piece.size

    def _split(self, rows: int) -> Iterator[PixelBlock]:
        if self.size <= rows or self.size == 1:
            yield self
        elif self.height == self.width == 1:
            children = self._replace(top=2 * self.top, left=2 * self.left, height=2, width=2, depth=self.depth - 1)
            yield from children._split(rows)
        elif self.height > 1:
            high = max(1, rows // ((self.width) << (2 * self.depth)))
            for y in range(0, self.height, high):
                part = self._replace(top=self.top + y, height=min(high, self.height - y))
                yield from part._split(rows)
        else:
            wide = max(1, rows >> (2 * self.depth))
            for x in range(0, self.width, wide):
                part = self._replace(left=self.left + x, width=min(wide, self.width - x))
                yield from part._split(rows)

    def rows_of(self, table: torch.Tensor) -> torch.Tensor:
        """Gather these pixels of a map at the current resolution as rows: [r, r, C] -> [N, C]."""
        side = self.scale
        part = table[self.top * side :, self.left * side :][: self.height * side, : self.width * side]
        nested = part.reshape(self.height, *(2,) * self.depth, self.width, *(2,) * self.depth, -1)
        return nested.permute(*self._nesting(), nested.ndim - 1).reshape(self.size, -1)

    def map_of(self, rows: torch.Tensor) -> torch.Tensor:
        """Arrange the rows as a rectangle of pixels: [B, N, C] -> [B, height·2^depth, width·2^depth, C]."""
        twos = (2, 2) * self.depth
        nested = rows.reshape(rows.shape[0], self.height, self.width, *twos, rows.shape[-1])
        order = self._nesting()
        back = [1 + order.index(axis) for axis in range(len(order))]
        side = self.scale
        return nested.permute(0, *back, nested.ndim - 1).reshape(
            rows.shape[0], self.height * side, self.width * side, rows.shape[-1]
        )

    def _nesting(self) -> list[int]:
        """From the axes (y, dy…, x, dx…) of a map to those of the rows: (y, x, dy, dx, dy, dx, …)."""
        inner = 1 + self.depth
        return [axis for k in range(inner) for axis in (k, inner + k)]
