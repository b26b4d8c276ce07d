"""The rules of a projected discriminator: sides and widths of the frozen features, of their mixing and of the heads.

Source: Sauer et al. 2021, sections 3.2 and 4: four maps of the frozen network, mixed at random, each with a head of its
own that ends at about 4×4 logits. The heads' widths are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.family import Frame
from hitzoo.families.projected.efficientnet_lite import COARSEST, LEVELS, flops_of, parameters_of, widths_of
from hitzoo.families.projected.spec import ProjectedDiscriminatorSpec
from hitzoo.plan.cost import Cost
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Logits, Port
from hitzoo.plan.table import Row
from hitzoo.spec.place import Places
from hitzoo.spec.types import R1Spec, TrainingSpec

TRAINED_AT = 224  # pixels
_LARGEST_END = 7  # places per side of a head's logits


@dataclass(frozen=True, kw_only=True)
class ProjectedDiscriminatorPlan(PlainNetwork):
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B, 4·side²).

    `weights` is the sha256 that the frozen network must have, or "" where any will do.
    """

    family: str
    resolution: int
    image_channels: int
    backbone: str
    weights: str
    input_size: int
    channels: int
    mixing: str
    mixing_seed: int

    @property
    def takes(self) -> tuple[Port, ...]:
        """The image."""
        return (Image(self.resolution, self.image_channels),)

    @property
    def gives(self) -> Port:
        """The logits of all heads' places."""
        return Logits(LEVELS * self.last_side**2)

    @property
    def frozen_widths(self) -> tuple[int, ...]:
        """Channels of the frozen network's maps, the finest first."""
        return widths_of(self.backbone)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the maps that the heads see."""
        if self.mixing == "none":
            return self.frozen_widths
        return tuple(self.channels << level for level in range(LEVELS))

    @property
    def sides(self) -> tuple[int, ...]:
        """Sides of those maps in pixels."""
        return tuple(self.input_size // (COARSEST >> (LEVELS - 1 - level)) for level in range(LEVELS))

    @property
    def last_side(self) -> int:
        """Side of every head's logits: that of the coarsest map, halved to at most 7."""
        side = self.sides[-1]
        while side > _LARGEST_END:
            side //= 2
        return side

    def layers(self, level: int) -> tuple[tuple[int, int, int], ...]:
        """Hidden layers of a head as (width before, width after, stride): one at least, halvings to the last side."""
        width, side, widest = self.widths[level], self.sides[level], max(self.widths)
        found: list[tuple[int, int, int]] = []
        while side > self.last_side:
            found.append((width, min(2 * width, widest), 2))
            width, side = min(2 * width, widest), side // 2
        return tuple(found) or ((width, width, 1),)

    def rows(self) -> tuple[Row, ...]:
        """The frozen parts, which have no weights to train, and a row per head."""
        frozen = (
            Row(name="resize", resolution=self.input_size, channels=self.image_channels, cost=self._resize()),
            Row(
                name="backbone",
                resolution=self.sides[-1],
                channels=self.frozen_widths[-1],
                cost=Cost(flops=flops_of(self.backbone, self.input_size)),
            ),
            Row(name="mixing", resolution=self.sides[0], channels=self.widths[0], cost=self._mixing()),
        )
        heads = (
            Row(name=f"heads.{level}", resolution=side, channels=width, cost=self._head(level))
            for level, (side, width) in enumerate(zip(self.sides, self.widths, strict=True))
        )
        return (*frozen, *heads)

    def _resize(self) -> Cost:
        return (
            Cost()
            if self.input_size == self.resolution
            else _resizing(self.image_channels, self.resolution, self.input_size)
        )

    def _mixing(self) -> Cost:
        if self.mixing == "none":
            return Cost()
        flops = sum(
            2 * side**2 * inner * outer
            for side, inner, outer in zip(self.sides, self.frozen_widths, self.widths, strict=True)
        )
        if self.mixing == "cross_scale":
            for level in range(1, LEVELS):
                side, width, finer = self.sides[level], self.widths[level], self.widths[level - 1]
                flops += 2 * side**2 * 9 * width * finer + _resizing(finer, side, 2 * side).flops
        return Cost(flops=flops)

    def _head(self, level: int) -> Cost:
        side = self.sides[level]
        cost = Cost(activations=side**2 * self.widths[level])
        for inner, outer, stride in self.layers(level):
            side //= stride
            size = 4 if stride == 2 else 3
            cost += Cost(size**2 * inner * outer + outer, 2 * side**2 * size**2 * inner * outer, 2 * side**2 * outer)
        width = self.layers(level)[-1][1]
        return cost + Cost(9 * width + 1, 2 * side**2 * 9 * width)


def plan_projected(
    spec: ProjectedDiscriminatorSpec, frame: Frame, places: Places
) -> ProjectedDiscriminatorPlan | list[Problem]:
    """Decide every size; the one thing that does not fit is transparency."""
    if frame.channels == 4:
        message = f"{spec.backbone} sees colours, no transparency"
        return [places.problem(("discriminator", "family"), message, "set data.channels: 3")]
    own = max(frame.side, TRAINED_AT) // COARSEST * COARSEST
    return ProjectedDiscriminatorPlan(
        family=spec.family,
        resolution=frame.side,
        image_channels=frame.channels,
        backbone=spec.backbone,
        weights=spec.weights or "",
        input_size=spec.input_size or own,
        channels=spec.channels,
        mixing=spec.mixing,
        mixing_seed=spec.mixing_seed,
    )


def notes_of_projected(plan: ProjectedDiscriminatorPlan, training: TrainingSpec) -> tuple[str, ...]:
    """Return what an author should know: what is frozen, and where the training differs from the paper's."""
    frozen = f"{parameters_of(plan.backbone) / 1e6:.2f} M weights of {plan.backbone} are frozen, and stored in no model"
    notes = [f"the discriminator sees images at {plan.input_size}×{plan.input_size}; {frozen}"]
    if training.loss != "hinge":
        notes.append("Projected GAN is trained with training.loss: hinge")
    if any(isinstance(regularizer, R1Spec) for regularizer in training.regularizers):
        notes.append("Projected GAN is trained without r1, whose gradient passes through the frozen network twice")
    return tuple(notes)


def _resizing(channels: int, inner: int, outer: int) -> Cost:
    """Two products with a matrix [outer, inner]."""
    return Cost(flops=2 * channels * (outer * inner * inner + outer * outer * inner))
