"""The rules of R3GAN's generator: blocks at each resolution, from a gated 4×4 map to the image.

Source: Huang et al. 2024, "The GAN is dead; long live the GAN!" (NeurIPS 2024), configuration E.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.doubling import doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.families.r3gan.generator.spec import R3ganGeneratorSpec
from hitzoo.families.r3gan.stage import R3ganStagePlan, group_problems, plan_blocks, stage_row
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Labels, Latent, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class R3ganGeneratorPlan(PlainNetwork):
    """The whole generator: rows (B, input_width) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    classes: int
    initial: BlockPlan
    stages: tuple[R3ganStagePlan, ...]
    to_image: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent, and with classes one of them."""
        return (Latent(self.latent_dim), *([Labels(self.classes)] if self.classes else []))

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The blocks of all stages."""
        return tuple((part.name, stage.resolution) for stage in self.stages for part in stage.blocks)

    def rows(self) -> tuple[Row, ...]:
        """A row for the first map, each resolution, and the layer to the image."""
        first = self.stages[0]
        rows = [block_row(self.initial, first.resolution, first.channels)]
        rows += [stage_row(stage, stage.resolution) for stage in self.stages]
        return (*rows, block_row(self.to_image, self.resolution, self.image_channels))


def plan_r3gan_generator(spec: R3ganGeneratorSpec, frame: Frame, places: Places) -> R3ganGeneratorPlan | list[Problem]:
    """Decide every module of the generator, or list everything that does not fit."""
    problems = [*group_problems("generator", spec, places), *doubling_problems(spec, frame, places)]
    if problems:
        return problems
    first = spec.channels[0]
    labels = {"classes": spec.classes, "class_dim": spec.class_dim} if spec.classes else {}
    return R3ganGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        classes=spec.classes,
        initial=block(
            "initial", "gated_basis", latent_dim=spec.latent_dim, side=spec.initial_size, channels=first, **labels
        ),
        stages=tuple(_plan_stage(spec, index) for index in range(len(spec.channels))),
        to_image=block("to_image", "pointwise", in_channels=spec.channels[-1], out_channels=frame.channels),
    )


def outline_r3gan_generator(spec: R3ganGeneratorSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    return doubling_outline(spec, [side for side in spec.sides for _ in range(spec.blocks)], None)


def ended_r3gan_generator(spec: R3ganGeneratorSpec) -> tuple[R3ganGeneratorSpec, ...]:
    """The section ended after each of its widths."""
    return tuple(replace(spec, channels=spec.channels[:end]) for end in range(1, len(spec.channels) + 1))


def _plan_stage(spec: R3ganGeneratorSpec, index: int) -> R3ganStagePlan:
    name, width = f"stages.{index}", spec.channels[index]
    inner = spec.channels[index - 1]
    return R3ganStagePlan(
        name=name,
        resolution=spec.sides[index],
        channels=width,
        transition=block(f"{name}.transition", "fir_up", in_channels=inner, out_channels=width) if index else None,
        blocks=plan_blocks(name, spec, width),
    )
