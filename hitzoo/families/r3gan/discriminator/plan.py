"""The rules of R3GAN's discriminator: blocks at each resolution from the image down to 4×4.

Source: Huang et al. 2024, configuration E.
"""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.family import Frame
from hitzoo.families.r3gan.discriminator.spec import R3ganDiscriminatorSpec
from hitzoo.families.r3gan.stage import R3ganStagePlan, group_problems, plan_blocks, stage_row
from hitzoo.families.stylegan2.plan import LAST_SIDE, halving_problems, widths_fit
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Logits, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class R3ganDiscriminatorPlan(PlainNetwork):
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B,)."""

    family: str
    resolution: int
    image_channels: int
    from_image: BlockPlan
    stages: tuple[R3ganStagePlan, ...]
    head: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The image."""
        return (Image(self.resolution, self.image_channels),)

    @property
    def gives(self) -> Port:
        """The logits."""
        return Logits()

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The blocks of all stages."""
        return tuple((part.name, stage.resolution) for stage in self.stages for part in stage.blocks)

    def rows(self) -> tuple[Row, ...]:
        """A row for the layer from the image, each resolution, and the logit."""
        first, last = self.stages[0], self.stages[-1]
        rows = [block_row(self.from_image, self.resolution, first.channels)]
        rows += [stage_row(stage, stage.resolution) for stage in self.stages]
        return (*rows, block_row(self.head, LAST_SIDE, last.channels))


def plan_r3gan_discriminator(
    spec: R3ganDiscriminatorSpec, frame: Frame, places: Places
) -> R3ganDiscriminatorPlan | list[Problem]:
    """Decide every module of the discriminator, or list everything that does not fit."""
    problems = [*group_problems("discriminator", spec, places), *halving_problems(spec, frame, places)]
    if problems or not widths_fit(spec, frame.side):
        return problems
    labels = {"classes": spec.classes} if spec.classes else {}
    return R3ganDiscriminatorPlan(
        family=spec.family,
        resolution=frame.side,
        image_channels=frame.channels,
        from_image=block("from_image", "pointwise", in_channels=frame.channels, out_channels=spec.channels[0]),
        stages=tuple(_plan_stage(spec, frame.side, index) for index in range(len(spec.channels))),
        head=block("head", "basis_logit", channels=spec.channels[-1], side=LAST_SIDE, **labels),
    )


def _plan_stage(spec: R3ganDiscriminatorSpec, resolution: int, index: int) -> R3ganStagePlan:
    name, width = f"stages.{index}", spec.channels[index]
    after = spec.channels[index + 1 : index + 2]
    return R3ganStagePlan(
        name=name,
        resolution=resolution >> index,
        channels=width,
        transition=block(f"{name}.transition", "fir_down", in_channels=width, out_channels=after[0]) if after else None,
        blocks=plan_blocks(name, spec, width),
    )
