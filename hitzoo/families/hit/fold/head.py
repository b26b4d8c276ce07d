"""The stages up to the last that attends to its own map: they need the whole map at once.

B batch, N positions of a map, C channels, K image channels, r resolution of the head's last map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from hitzoo.families.hit.fold import pixel_order
from hitzoo.families.hit.fold.first_map import first_map
from hitzoo.families.hit.fold.stage import OptimizedStage
from hitzoo.families.hit.model import HiTGenerator, HiTStage
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.fold.cross_attention import KeysValues
from hitzoo.fold.image import add_to_image
from hitzoo.fold.kernels import Kernels


class Head(nn.Module):
    """From latent, or codes, to map and image so far: [B, latent_dim] -> [B, r², C], [B, r², K], row by row.

    `folded` are the head's stages; without any it is the first linear layer alone.
    """

    def __init__(self, generator: HiTGenerator, folded: Sequence[OptimizedStage], kernels: Kernels) -> None:
        super().__init__()
        plans = generator.plan.stages
        now = pixel_order.raster_order(plans[0].resolution)
        table = None
        if folded:
            table = generator.stage_list()[0].position.weight
            now = pixel_order.order_for(plans[0], now)
        self.first = first_map(generator.initial, now, table, kernels)
        self.folded = folded
        self.steps: list[HeadStage] = []
        for index, (stage, fold) in enumerate(zip(generator.stage_list()[: len(folded)], folded, strict=True)):
            self.steps.append(HeadStage(stage, plans[index], fold, now, kernels, is_first=index == 0))
            now = self.steps[-1].order
        self.stages = nn.ModuleList(self.steps)

    def forward(
        self, z: torch.Tensor, keys_values: Sequence[KeysValues | None], depth: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The map and the image after the first `depth` stages; fewer than all only for a preview."""
        x, image = self.first(z), None
        last: HeadStage | None = None
        steps = self.steps[:depth]
        for last, kv in zip(steps, keys_values[: len(steps)], strict=True):  # not all versions compile strict=False
            x, image = last(x, image, kv)
        if last is None:
            return x, image
        return pixel_order.permuted(x, last.to_raster), None if image is None else pixel_order.permuted(
            image, last.to_raster
        )


class HeadStage(nn.Module):
    """A stage with its positions in the incoming row order, and the permutations to its own order and to raster order.

    `is_first`: the rows come upsampled and with their positions added.
    """

    position: torch.Tensor
    to_stage_order: torch.Tensor | None
    to_raster: torch.Tensor | None

    def __init__(
        self,
        stage: HiTStage,
        plan: HitStagePlan,
        folded: OptimizedStage,
        given: torch.Tensor,
        kernels: Kernels,
        *,
        is_first: bool,
    ) -> None:
        super().__init__()
        self.folded, self.is_first = folded, is_first
        grown = pixel_order.children_order(given, plan.resolution // 2) if folded.doubles else given
        self.order = pixel_order.order_for(plan, grown)
        device = kernels.like.device
        if not is_first:
            self.register_buffer("position", stage.position.weight.detach().flatten(0, 1)[grown].to(kernels.like))
        self.register_buffer("to_stage_order", pixel_order.permutation_on(device, grown, self.order))
        raster = pixel_order.raster_order(plan.resolution)
        self.register_buffer("to_raster", pixel_order.permutation_on(device, self.order, raster))

    def forward(
        self, x: torch.Tensor, image: torch.Tensor | None, kv: KeysValues | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Map the rows of the stage before to the rows of this one."""
        if not self.is_first:
            x = pixel_order.permuted(self.folded.enter(x, self.position), self.to_stage_order)
        if image is not None:
            grown = add_to_image(image, None, doubled=self.folded.doubles)
            image = None if grown is None else pixel_order.permuted(grown, self.to_stage_order)
        x, contribution = self.folded(x, kv)
        return x, add_to_image(image, contribution, doubled=False)
