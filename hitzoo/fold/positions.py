"""A stage's position table, given out by rectangles of rows.

r resolution, N rows, C channels.
"""

from __future__ import annotations

import torch

from hitzoo.fold.kernels import Kernels
from hitzoo.fold.pixel_block import Cells


class Positions:
    """A table [r, r, C] that stays as it is, shared with the generator it is of; rows are gathered when asked for.

    At high resolutions the tables are most of a model: they are not copied. Rows that were given out are kept for the
    next image where a whole table of them is small: at most as many as the table has, whatever is asked for. `plus`
    [C] is added to each.
    """

    def __init__(self, table: torch.Tensor, kernels: Kernels, plus: torch.Tensor | None = None) -> None:
        self.table = table.detach().to(kernels.like.device)
        self.plus = plus
        self.precision = kernels.like.dtype
        self.channels = table.shape[-1]
        self._room = table.numel() if table.numel() <= kernels.kept_positions else 0
        self._kept: dict[Cells, torch.Tensor] = {}

    def of(self, cells: Cells) -> torch.Tensor:
        """The rows of a rectangle: [N, C]."""
        kept = self._kept.get(cells)
        if kept is not None:
            return kept
        rows = cells.rows_of(self.table)
        rows = (rows if self.plus is None else rows + self.plus).to(self.precision)
        if rows.numel() <= self._room:
            self._room -= rows.numel()
            self._kept[cells] = rows
        return rows
