"""The stages after the last that attends to its own map: every pixel depends on its own ancestor alone.

So any rectangle of the map before can be taken to the image by itself, exactly, and in pieces that fit a cache.

B batch, N rows of the rectangle at hand, C channels, K image channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.families.hit.fold.stage import FoldedStage
from hitzoo.families.hit.fold.stage_kernel import StageKernel
from hitzoo.families.hit.model import HiTStage
from hitzoo.fold.cross_attention import Reading
from hitzoo.fold.image import added
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.pixel_block import Cells
from hitzoo.fold.positions import Positions


@dataclass(frozen=True, eq=False)
class Rows:
    """A rectangle's rows: of the map [B, N, C], of the image so far [B, N, K], and which pixels they are."""

    x: torch.Tensor
    image: torch.Tensor | None
    cells: Cells

    def __getitem__(self, part: slice) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.x[:, part], None if self.image is None else self.image[:, part]


class Tail(nn.Module):
    """Rows of the head's map to rows of the image, piece by piece: memory and cache hold a piece, not the image."""

    def __init__(self, stages: Sequence[HiTStage], folded: Sequence[FoldedStage], kernels: Kernels) -> None:
        super().__init__()
        self.folded = list(folded)
        self.stages = nn.ModuleList(folded)
        self.positions = [Positions(stage.position.weight, kernels) for stage in stages]
        self.kernels = [
            StageKernel(fold, stage.position.weight, kernels) if kernels.triton and StageKernel.is_for(fold) else None
            for stage, fold in zip(stages, folded, strict=True)
        ]
        self.piece = kernels.piece

    def forward(self, rows: Rows, readings: Sequence[Reading | None], depth: int) -> torch.Tensor:
        """The image's rows after the first `depth` stages: [B, N', K], in the order of the rectangle doubled."""
        if self.piece is None or len(rows.x) < 2:
            return self._descend(rows, readings, 0, depth)
        samples = (
            self._descend(_sample(rows, b), [_of_sample(reading, b) for reading in readings], 0, depth)
            for b in range(len(rows.x))
        )
        return torch.cat(list(samples))

    def doubled(self, cells: Cells, depth: int) -> Cells:
        """The rectangle as it is after the first `depth` stages."""
        for index in range(min(depth, len(self.folded))):
            cells = self._grown(cells, index)
        return cells

    def _descend(self, rows: Rows, readings: Sequence[Reading | None], index: int, depth: int) -> torch.Tensor:
        """Each piece goes all the way down before the next begins."""
        if index == depth:
            assert rows.image is not None, "a level is a stage that adds to the image"
            return rows.image
        if self.piece is None:
            whole = self._through(index, rows.x, rows.image, self._grown(rows.cells, index), readings[index])
            return self._descend(whole, readings, index + 1, depth)
        done = [
            self._descend(piece, readings, index + 1, depth) for piece in self._pieces(rows, readings[index], index)
        ]
        return torch.cat(done, dim=1) if len(done) > 1 else done[0]

    def _grown(self, cells: Cells, index: int) -> Cells:
        return cells.doubled() if self.folded[index].doubles else cells

    def _pieces(self, rows: Rows, reading: Reading | None, index: int) -> Iterator[Rows]:
        """The rows through one stage, a piece at a time."""
        assert self.piece is not None, "without a size there are no pieces"
        doubles = self.folded[index].doubles
        size = max(4, self.piece // self.positions[index].channels)
        for part, cells in self._grown(rows.cells, index).pieces(size):
            x, image = rows[slice(part.start // 4, part.stop // 4) if doubles else part]
            yield self._through(index, x, image, cells, reading)

    def _through(
        self, index: int, x: torch.Tensor, image: torch.Tensor | None, cells: Cells, reading: Reading | None
    ) -> Rows:
        """One piece through one stage: by the kernel that is the whole stage where there is one, else step by step."""
        stage, kernel = self.folded[index], self.kernels[index]
        if kernel is not None and kernel.fits(x) and (whole := kernel(x, image, cells, reading)) is not None:
            out, drawn = whole
            return Rows(x if out is None else out, added(image, None, doubled=True) if drawn is None else drawn, cells)
        x, contribution = stage(stage.enter(x, self.positions[index].of(cells)), reading)
        return Rows(x, added(image, contribution, doubled=stage.doubles), cells)


def _sample(rows: Rows, b: int) -> Rows:
    return Rows(rows.x[b : b + 1], None if rows.image is None else rows.image[b : b + 1], rows.cells)


def _of_sample(reading: Reading | None, b: int) -> Reading | None:
    return None if reading is None else tuple(each[b : b + 1] for each in reading)
