"""A stage's position table, gathered by pixel blocks.

r resolution, N rows, C channels.
"""

from __future__ import annotations

import torch

from hitzoo.fold.kernels import Kernels
from hitzoo.fold.pixel_block import PixelBlock


class Positions:
    """A table [r, r, C] shared with its generator; rows are gathered on request.

    At high resolutions the tables are most of a model: they are not copied. Gathered rows are cached for the
    next image where the whole table is small, never more rows than the table has. `plus`
    [C] is added to each.
    """

    def __init__(self, table: torch.Tensor, kernels: Kernels, plus: torch.Tensor | None = None) -> None:
        self.table = table.detach().to(kernels.like.device)
        self.plus = plus
        self.precision = kernels.like.dtype
        self.channels = table.shape[-1]
        self._room = table.numel() if table.numel() <= kernels.position_cache_numel else 0
        self._kept: dict[PixelBlock, torch.Tensor] = {}

    def of(self, pixel_block: PixelBlock) -> torch.Tensor:
        """Gather the rows of a pixel block: [N, C]."""
        kept = self._kept.get(pixel_block)
        if kept is not None:
            return kept
        rows = pixel_block.rows_of(self.table)
        rows = (rows if self.plus is None else rows + self.plus).to(self.precision)
        if rows.numel() <= self._room:
            self._room -= rows.numel()
            self._kept[pixel_block] = rows
        return rows
