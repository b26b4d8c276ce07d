"""The stages up to the last that attends to its own map: they need the whole map at once.

B batch, N positions of a map, C channels, K image channels, r resolution of the head's last map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from hitzoo.families.hit.fold import pixel_order
from hitzoo.families.hit.fold.stage import FoldedStage
from hitzoo.families.hit.model import HiTGenerator, HiTStage
from hitzoo.families.hit.plan import HitStagePlan
from hitzoo.fold.affine import Affine, affine_of
from hitzoo.fold.cross_attention import Reading
from hitzoo.fold.image import added
from hitzoo.fold.kernels import Kernels
from hitzoo.fold.rewrites import with_positions


class Head(nn.Module):
    """The latent to a map and what of the image there is: [B, latent_dim] -> [B, r², C], [B, r², K], row by row.

    `folded` are the head's stages; without any it is the first linear layer alone.
    """

    def __init__(self, generator: HiTGenerator, folded: Sequence[FoldedStage], kernels: Kernels) -> None:
        super().__init__()
        plans = generator.plan.stages
        now = pixel_order.raster(plans[0].resolution)
        layer = affine_of(generator.initial.linear)
        if folded:
            layer = with_positions(layer, generator.stage_list()[0].position.weight)
            now = pixel_order.wanted_by(plans[0], now)
        self.positions = len(now)
        self.first = kernels.linear(_in_order(layer, now))
        self.folded = folded
        self.steps: list[HeadStage] = []
        for index, (stage, fold) in enumerate(zip(generator.stage_list()[: len(folded)], folded, strict=True)):
            self.steps.append(HeadStage(stage, plans[index], fold, now, kernels, entered=index == 0))
            now = self.steps[-1].order
        self.stages = nn.ModuleList(self.steps)

    def forward(
        self, z: torch.Tensor, readings: Sequence[Reading | None], depth: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The map and the image after the first `depth` stages, all but for a preview of the image."""
        x, image = self.first(z).unflatten(1, (self.positions, -1)), None
        last: HeadStage | None = None
        steps = self.steps[:depth]
        for last, reading in zip(steps, readings[: len(steps)], strict=True):  # not all versions compile strict=False
            x, image = last(x, image, reading)
        if last is None:
            return x, image
        return pixel_order.moved(x, last.to_raster), None if image is None else pixel_order.moved(image, last.to_raster)


class HeadStage(nn.Module):
    """A stage with its positions in the order in which rows come, and the ways to its own order and row by row.

    `entered`: the rows come upsampled and with their positions.
    """

    position: torch.Tensor
    to_own: torch.Tensor | None
    to_raster: torch.Tensor | None

    def __init__(
        self,
        stage: HiTStage,
        plan: HitStagePlan,
        folded: FoldedStage,
        given: torch.Tensor,
        kernels: Kernels,
        *,
        entered: bool,
    ) -> None:
        super().__init__()
        self.folded, self.entered = folded, entered
        grown = pixel_order.of_children(given, plan.resolution // 2) if folded.doubles else given
        self.order = pixel_order.wanted_by(plan, grown)
        device = kernels.like.device
        if not entered:
            self.register_buffer("position", stage.position.weight.detach().flatten(0, 1)[grown].to(kernels.like))
        self.register_buffer("to_own", _on(pixel_order.move(grown, self.order), device))
        self.register_buffer(
            "to_raster", _on(pixel_order.move(self.order, pixel_order.raster(plan.resolution)), device)
        )

    def forward(
        self, x: torch.Tensor, image: torch.Tensor | None, reading: Reading | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """From the rows of the stage before to the rows of this one."""
        if not self.entered:
            x = pixel_order.moved(self.folded.enter(x, self.position), self.to_own)
        if image is not None:
            grown = added(image, None, doubled=self.folded.doubles)
            image = None if grown is None else pixel_order.moved(grown, self.to_own)
        x, contribution = self.folded(x, reading)
        return x, added(image, contribution, doubled=False)


def _in_order(layer: Affine, wanted: torch.Tensor) -> Affine:
    """The layer with its map's rows in another order."""
    weight = layer.weight.unflatten(0, (len(wanted), -1))[wanted]
    return Affine(weight.flatten(0, 1), layer.bias.unflatten(0, (len(wanted), -1))[wanted].flatten())


def _on(index: torch.Tensor | None, device: torch.device) -> torch.Tensor | None:
    return None if index is None else index.to(device)
