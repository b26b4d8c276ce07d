"""The folded HiT generator: a head that needs whole maps, and a tail in which every pixel stands alone.

B batch, K image channels, R resolution of the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.families.hit.fold.head import Head
from hitzoo.families.hit.fold.stage import FoldedStage
from hitzoo.families.hit.fold.tail import Rows, Tail
from hitzoo.families.hit.fold.tokens import KeysAndValues
from hitzoo.families.hit.model import HiTGenerator
from hitzoo.families.hit.plan import HitGeneratorPlan, HitStagePlan
from hitzoo.fold.cross_attention import Reading
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.pixel_block import Cells


@dataclass(frozen=True, eq=False)
class Entry:
    """What the head leaves: its map [B, s, s, C], the image so far [B, s, s, K], and what the tail's stages read."""

    x: torch.Tensor
    image: torch.Tensor | None
    readings: tuple[Reading | None, ...]

    @property
    def side(self) -> int:
        """s."""
        return self.x.shape[1]

    def rows(self, cells: Cells) -> Rows:
        """A rectangle of them."""
        down, right = slice(cells.top, cells.top + cells.height), slice(cells.left, cells.left + cells.width)
        image = None if self.image is None else self.image[:, down, right].flatten(1, 2)
        return Rows(self.x[:, down, right].flatten(1, 2), image, cells)


class FoldedHiT(nn.Module):
    """Latent to image as the generator it was made of, in evaluation: [B, latent_dim] -> [B, K, R, R] in float32.

    Not to be trained: its weights are products of the generator's.
    """

    def __init__(self, generator: HiTGenerator, kernels: Kernels) -> None:
        super().__init__()
        plans, stages = generator.plan.stages, generator.stage_list()
        self.plan = generator.plan
        self.precision = kernels.like.dtype
        self.head_depth = head_depth(generator.plan)
        folded = [
            FoldedStage(stage, plan, generator.tokens, kernels, last=plan is plans[-1])
            for stage, plan in zip(stages, plans, strict=True)
        ]
        asking = [stage.cross for stage in stages if stage.cross is not None]
        self.keys_and_values = None
        if generator.tokens is not None:
            self.keys_and_values = KeysAndValues(generator.tokens, asking, kernels)
        self.head = Head(generator, folded[: self.head_depth], kernels)
        self.tail = Tail(stages[self.head_depth :], folded[self.head_depth :], kernels)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The images of a batch of latents, in channels-last memory."""
        entry = self.enter(z)
        image = self.rectangle(entry, Cells(0, 0, entry.side, entry.side), len(self.tail.folded))
        return image.permute(0, 3, 1, 2)

    def enter(self, z: torch.Tensor, depth: int | None = None) -> Entry:
        """Through the head, or the first `depth` stages of it for a preview."""
        z = z.to(self.precision)
        readings = self._readings(z)
        x, image = self.head(z, readings, self.head_depth if depth is None else depth)
        return Entry(_square(x), None if image is None else _square(image), tuple(readings[self.head_depth :]))

    def rectangle(self, entry: Entry, cells: Cells, depth: int) -> torch.Tensor:
        """What a rectangle of the head's map becomes after `depth` stages of the tail: [B, height·2ᵏ, width·2ᵏ, K]."""
        rows = self.tail(entry.rows(cells), entry.readings, depth)
        return self.tail.doubled(cells, depth).map_of(rows)

    def _readings(self, z: torch.Tensor) -> list[Reading | None]:
        """What the tokens of a batch are to each stage."""
        folded = [*self.head.folded, *self.tail.folded]
        found = iter(self.keys_and_values(z) if self.keys_and_values is not None else ())
        return [None if stage.cross is None else stage.cross.read(*next(found)) for stage in folded]


def head_depth(plan: HitGeneratorPlan) -> int:
    """How many stages there are up to the last that attends to its own map."""
    return max((index + 1 for index, stage in enumerate(plan.stages) if _mixes_pixels(stage)), default=0)


def _mixes_pixels(stage: HitStagePlan) -> bool:
    return stage.attention != "none"


def _square(rows: torch.Tensor) -> torch.Tensor:
    side = round(rows.shape[1] ** 0.5)
    return rows.unflatten(1, (side, side))
