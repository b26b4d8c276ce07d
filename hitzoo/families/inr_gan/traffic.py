"""Numbers that INR-GAN moves through memory, by the byte models of `hitzoo.plan.traffic`.

Features of positions are made once for a batch. A stage without norms is an MLP with its share in the image: where that
is one kernel, its map comes in and goes out, and the last one's does not even go out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hitzoo.families.inr_gan.stage_plan import InrGanStagePlan
from hitzoo.plan.moved import Moved, add, pointwise
from hitzoo.plan.style_traffic import factorized_linear, modulated_linear


@dataclass(frozen=True, kw_only=True)
class InrGanTraffic:
    """Traffic of the stages."""

    style_dim: int
    image_channels: int
    rank: int
    upsample: str

    def stage(self, plan: InrGanStagePlan, *, last: bool) -> Moved:
        """Growth, coordinates, layers and a share in the image."""
        positions, normed = plan.resolution**2, self.upsample == "bilinear" and bool(plan.inner)
        moved = self._arrival(plan)
        for index, (inner, outer) in enumerate(plan.widths):
            if normed and index:
                moved += Moved(eager=3 * positions * inner + 4 * inner)
            shared = not index and not plan.inner
            moved += factorized_linear(positions, inner, outer, self.style_dim, self.rank, shared=shared)
            moved += pointwise(positions * outer)
        to_rgb = modulated_linear(positions, plan.channels, self.image_channels, self.style_dim, demodulated=False)
        moved += to_rgb + (add(positions * self.image_channels) if plan.inner else Moved())
        if normed and plan.depth > 1:
            return moved
        inside = positions * plan.channels * (2 * plan.depth - 1 + (1 if last else 0))
        return replace(moved, mlp=moved.mlp - inside, stage=moved.stage - inside)

    def _arrival(self, plan: InrGanStagePlan) -> Moved:
        """Traffic of doubling and concatenating; a fused kernel reads the smaller map, and features of the batch."""
        positions = plan.resolution**2
        if not plan.inner:
            return Moved()
        before = positions // 4 if plan.upsample else positions
        grown = plan.inner + self.image_channels
        moved = Moved(eager=(before + positions) * grown if plan.upsample else 0)
        if plan.features:
            moved += Moved(eager=positions * (2 * plan.inner + plan.features))
        less = (before - positions) * grown - positions * plan.features
        return moved.and_fused(less)
