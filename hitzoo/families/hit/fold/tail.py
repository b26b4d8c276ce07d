"""The stages after the last that attends to its own map: every pixel depends only on its own ancestor.

So any rectangle of the head's map can be taken to the image by itself, exactly, and in chunks that fit a cache.

B batch, N rows of the rectangle at hand, C channels, K image channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.families.hit.fold.stage import OptimizedStage
from hitzoo.families.hit.fold.stage_kernel import StageKernel
from hitzoo.families.hit.model import HiTStage
from hitzoo.fold.cross_attention import KeysValues
from hitzoo.fold.image import add_to_image
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.pixel_block import PixelBlock
from hitzoo.fold.positions import Positions


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a rectangle: of the map [B, N, C], of the image so far [B, N, K], and the pixels they belong to."""

    x: torch.Tensor
    image: torch.Tensor | None
    pixel_block: PixelBlock

    def __getitem__(self, part: slice) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.x[:, part], None if self.image is None else self.image[:, part]


class Tail(nn.Module):
    """Rows of the head's map to rows of the image, chunk by chunk: memory and cache hold a chunk, not the image."""

    def __init__(self, stages: Sequence[HiTStage], folded: Sequence[OptimizedStage], kernels: Kernels) -> None:
        super().__init__()
        self.folded = list(folded)
        self.stages = nn.ModuleList(folded)
        self.positions = [Positions(stage.position.weight, kernels) for stage in stages]
        self.kernels = [
            StageKernel(fold, stage.position.weight, kernels)
            if kernels.triton and StageKernel.applies_to(fold)
            else None
            for stage, fold in zip(stages, folded, strict=True)
        ]
        self.chunk_numel = kernels.chunk_numel

    def forward(self, rows: Rows, keys_values: Sequence[KeysValues | None], depth: int) -> torch.Tensor:
        """The image's rows after the first `depth` stages: [B, N', K], in the order of the rectangle doubled."""
        if self.chunk_numel is None or len(rows.x) < 2:
            return self._descend(rows, keys_values, 0, depth)
        samples = (
            self._descend(_sample(rows, b), [_kv_of_sample(kv, b) for kv in keys_values], 0, depth)
            for b in range(len(rows.x))
        )
        return torch.cat(list(samples))

    def doubled(self, pixel_block: PixelBlock, depth: int) -> PixelBlock:
        """The pixel block after the first `depth` stages."""
        for index in range(min(depth, len(self.folded))):
            pixel_block = self._after_stage(pixel_block, index)
        return pixel_block

    def _descend(self, rows: Rows, keys_values: Sequence[KeysValues | None], index: int, depth: int) -> torch.Tensor:
        """Take each chunk all the way to the image before the next begins."""
        if index == depth:
            assert rows.image is not None, "a level is a stage that adds to the image"
            return rows.image
        if self.chunk_numel is None:
            whole = self._run_stage(
                index, rows.x, rows.image, self._after_stage(rows.pixel_block, index), keys_values[index]
            )
            return self._descend(whole, keys_values, index + 1, depth)
        done = [
            self._descend(piece, keys_values, index + 1, depth)
            for piece in self._chunks(rows, keys_values[index], index)
        ]
        return torch.cat(done, dim=1) if len(done) > 1 else done[0]

    def _after_stage(self, pixel_block: PixelBlock, index: int) -> PixelBlock:
        return pixel_block.doubled() if self.folded[index].doubles else pixel_block

    def _chunks(self, rows: Rows, kv: KeysValues | None, index: int) -> Iterator[Rows]:
        """Run one stage chunk by chunk."""
        assert self.chunk_numel is not None, "without a size there are no pieces"
        doubles = self.folded[index].doubles
        size = max(4, self.chunk_numel // self.positions[index].channels)
        for part, pixel_block in self._after_stage(rows.pixel_block, index).chunks(size):
            x, image = rows[slice(part.start // 4, part.stop // 4) if doubles else part]
            yield self._run_stage(index, x, image, pixel_block, kv)

    def _run_stage(
        self, index: int, x: torch.Tensor, image: torch.Tensor | None, pixel_block: PixelBlock, kv: KeysValues | None
    ) -> Rows:
        """Run one stage on one chunk: by the kernel for the whole stage where there is one, else step by step."""
        stage, kernel = self.folded[index], self.kernels[index]
        if kernel is not None and kernel.supports(x) and (whole := kernel(x, image, pixel_block, kv)) is not None:
            out, drawn = whole
            return Rows(
                x if out is None else out,
                add_to_image(image, None, doubled=True) if drawn is None else drawn,
                pixel_block,
            )
        x, contribution = stage(stage.enter(x, self.positions[index].of(pixel_block)), kv)
        return Rows(x, add_to_image(image, contribution, doubled=stage.doubles), pixel_block)


def _sample(rows: Rows, b: int) -> Rows:
    return Rows(rows.x[b : b + 1], None if rows.image is None else rows.image[b : b + 1], rows.pixel_block)


def _kv_of_sample(kv: KeysValues | None, b: int) -> KeysValues | None:
    return None if kv is None else tuple(each[b : b + 1] for each in kv)
